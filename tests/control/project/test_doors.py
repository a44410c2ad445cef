"""One web process, two doors: the agent's leads to the feed alone, nginx's never to it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mailstead.config import child_environment
from mailstead.control.project import bootstrap
from mailstead.home import Home
from mailstead.wire import codec
from tests.mailplane.engines.harness import until

NAME = "panel.example"
FEED = "/feed/v1/node1/changes?after=0&wait=0"
HASHED = re.compile(r"\.[0-9a-f]{12}\.css$")
PREPARE = """
import pathlib, sys
from mailstead.control.project import bootstrap
bootstrap.setup(pathlib.Path(sys.argv[1]))
bootstrap.migrate()
print(bootstrap.collect_static(), bootstrap.collect_static())
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A web process on the sockets of a home of its own."""
    home = Home(Path(tempfile.mkdtemp(prefix="ms-d", dir="/tmp")))
    for path in (home.control, home.web_socket.parent, home.panel_socket.parent):
        path.mkdir(parents=True)
    home.settings_file.write_text(f'hostname = "mx.example"\n[web]\nhostnames = ["{NAME}"]\n')
    environment = child_environment(home.root)
    done = subprocess.run(
        [sys.executable, "-c", PREPARE, str(home.root)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["True", "False"], "laid out once, and then only for a change"
    # Left behind by one that was killed.
    home.web_socket.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "mailstead.control.project.serve"],
        env=environment, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(home.panel_socket.is_socket, "the panel's door is there")
    yield home
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    shutil.rmtree(home.root)


def ask(socket: Path, path: str, **headers: str) -> httpx.Response:
    given = {"Host": NAME, "X-Forwarded-Proto": "https", "X-Real-IP": "192.0.2.7"} | headers
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), timeout=30) as client:
        return client.get(f"http://{NAME}{path}", headers=given)


def test_the_feed_answers_at_its_own_door(home: Home) -> None:
    answer = ask(home.web_socket, FEED)
    assert "X-Request-ID" not in answer.headers, "no middleware stands before it"
    assert answer.status_code == 200
    assert codec.decode_page(answer.content)


def test_the_feed_is_not_behind_the_panels_door(home: Home) -> None:
    answer = ask(home.panel_socket, FEED)
    assert answer.status_code in (302, 404)
    assert "X-Request-ID" in answer.headers
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/", "/account/login/", "/static/web/panel.css"])
def test_the_panel_is_not_behind_the_feeds_door(home: Home, path: str) -> None:
    assert ask(home.web_socket, path).status_code == 404


def test_the_panel_answers_at_its_own_door(home: Home) -> None:
    answer = ask(home.panel_socket, "/account/login/")
    assert answer.status_code == 200
    assert "X-Request-ID" in answer.headers
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_another_name_is_refused_behind_nginx_too(home: Home) -> None:
    assert ask(home.panel_socket, "/account/login/", Host="evil.example").status_code == 400


def test_static_files_have_names_with_hashes_that_nginx_may_read(home: Home) -> None:
    hashed = [path for path in home.static.rglob("*.css") if HASHED.search(path.name)]
    assert hashed
    assert all(path.stat().st_mode & 0o004 for path in home.static.rglob("*"))


def test_files_of_an_earlier_version_stay_while_pages_may_be_open(tmp_path: Path) -> None:
    (tmp_path / "staticfiles.json").write_text('{"paths": {"a.css": "a.0123456789ab.css"}}')
    before = time.time() - bootstrap.KEPT - 60
    for name in ("a.css", "a.0123456789ab.css", "a.aaaaaaaaaaaa.css", "a.bbbbbbbbbbbb.css"):
        (tmp_path / name).touch()
        if "bbbb" not in name:
            os.utime(tmp_path / name, (before, before))
    bootstrap._throw_away(tmp_path)
    left = {path.name for path in tmp_path.glob("*.css")}
    assert left == {"a.css", "a.0123456789ab.css", "a.bbbbbbbbbbbb.css"}
