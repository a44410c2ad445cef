"""What nginx promises to whoever comes from outside, and to the panel behind it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import until
from tests.mailplane.engines.nginx.front import NAME, OTHER, Front, running_front

from mailstead.mailplane.engines.nginx import control
from mailstead.mailplane.node.logs import troubles

pytestmark = pytest.mark.engines
SECURITY = ("strict-transport-security", "x-content-type-options", "referrer-policy")


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    with running_front() as made:
        yield made


def put_static(front: Front, name: str, text: str) -> None:
    path = front.home.static / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)


# Which name is asked for


@pytest.mark.parametrize("name", [NAME, OTHER])
def test_each_configured_name_is_served_with_our_certificate(front: Front, name: str) -> None:
    answer = front.get("/somewhere?with=query", name=name)
    assert answer.status == 200
    assert answer.seen()["host"] == [f"{name}:{front.model.https}"]


@pytest.mark.parametrize(
    "request_text",
    [
        "GET / HTTP/1.1\r\nHost: evil.example\r\n",
        f"GET / HTTP/1.1\r\nHost: {NAME}.evil.example\r\n",
        f"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: {NAME}\r\n",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        "GET / HTTP/1.0\r\n",
        f"GET https://evil.example/ HTTP/1.1\r\nHost: {NAME}\r\n",
        # The host's own name is not the panel's, once names are configured.
        "GET / HTTP/1.1\r\nHost: mail.node.example\r\n",
    ],
)
def test_any_other_name_is_refused_in_one_sentence(front: Front, request_text: str) -> None:
    answer = front.raw(request_text + "Connection: close\r\n\r\n")
    assert answer.status == 421
    assert answer.body == b"This name is not served here.\n"
    assert answer.one("content-type") == "text/plain"
    assert "location" not in answer.headers
    assert all(name in answer.headers for name in SECURITY)


@pytest.mark.parametrize(
    "request_text",
    [
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n",
        f"GET / HTTP/1.1\r\nHost: {NAME}\r\nHost: evil.example\r\n",
        f"GET / HTTP/1.1\r\nHost: {NAME}/@evil.example\r\n",
        f"GET / HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
    ],
)
def test_what_is_no_proper_request_never_reaches_the_panel(front: Front, request_text: str) -> None:
    answer = front.raw(request_text + "Connection: close\r\n\r\n")
    assert answer.status == 400
    assert b"cannot be understood" in answer.body
    assert all(name in answer.headers for name in SECURITY)
    assert b"nginx" not in answer.body
    assert "x-seen" not in answer.headers


def test_the_name_in_an_absolute_address_counts_and_not_the_header(front: Front) -> None:
    answer = front.raw(
        f"GET https://{NAME}/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    )
    assert answer.seen()["host"] == [f"{NAME}:{front.model.https}"]


@pytest.mark.parametrize("server_name", [None, "evil.example"])
def test_the_name_in_the_handshake_alone_opens_nothing(
    front: Front, server_name: str | None
) -> None:
    asked = "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert front.raw(asked, server_name).status == 421


def test_plain_http_sends_on_to_https_and_only_for_our_names(front: Front) -> None:
    answer = front.plain("/a/b?c=d", "-X", "POST", "-d", "x=y")
    assert answer.status == 308
    assert answer.one("location") == f"https://{NAME}:{front.model.https}/a/b?c=d"
    forged = front.plain("/", "-H", "Host: evil.example")
    assert (forged.status, forged.headers.get("location")) == (421, None)


def test_plain_http_at_the_port_for_https_is_sent_on_too(front: Front) -> None:
    done = subprocess.run(
        ["curl", "-sS", "-i", "--noproxy", "*", "-H", f"Host: {NAME}:{front.model.https}",
         f"http://127.0.0.1:{front.model.https}/a"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert b" 308 " in done.stdout.splitlines()[0]
    assert f"Location: https://{NAME}:{front.model.https}/a".encode() in done.stdout


# What the panel is told


def test_what_the_client_says_about_itself_is_not_believed(front: Front) -> None:
    forged = {
        "X-Forwarded-For": "192.0.2.66",
        "X-Real-IP": "192.0.2.66",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Request-ID": "f" * 32,
        "Forwarded": "for=192.0.2.66",
        "X_Real_IP": "192.0.2.66",
    }
    options = [word for name, value in forged.items() for word in ("-H", f"{name}: {value}")]
    seen = front.get("/", *options).seen()
    assert seen["x-forwarded-for"] == ["127.0.0.1"]
    assert seen["x-real-ip"] == ["127.0.0.1"]
    assert seen["x-forwarded-proto"] == ["https"]
    (number,) = seen["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", number)
    assert number != "f" * 32
    assert not {"x-forwarded-host", "forwarded", "x_real_ip"} & set(seen)


def test_the_panels_own_headers_are_not_doubled(front: Front) -> None:
    assert not set(SECURITY) & set(front.get("/").headers)
    assert front.get("/").one("x-seen") == "panel"


def test_an_error_of_the_panel_stays_its_own_page(front: Front) -> None:
    for status in (404, 422, 500, 503):
        answer = front.get(f"/status/{status}")
        assert (answer.status, answer.one("x-seen")) == (status, "panel")


def test_pages_are_not_compressed_because_they_hold_secrets(front: Front) -> None:
    answer = front.get("/" + "a" * 3000, "-H", "Accept-Encoding: gzip")
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("protocol", ["--http1.1", "--http2"])
def test_an_upload_may_be_large_but_not_too_large(front: Front, protocol: str) -> None:
    upload = (protocol, "--data-binary", "@-")
    assert front.get("/", *upload, stdin=b"x" * (16 * 2**20)).status == 200
    refused = front.get("/", *upload, stdin=b"x" * (16 * 2**20 + 1))
    assert refused.status == 413
    assert b"16 MB at most" in refused.body
    assert all(name in refused.headers for name in SECURITY)


# Transport


def test_http2_is_spoken(front: Front) -> None:
    assert front.get("/", "--http2").protocol == "HTTP/2"


@pytest.mark.parametrize(("version", "spoken"), [("1.1", False), ("1.2", True), ("1.3", True)])
def test_old_tls_is_refused(front: Front, version: str, spoken: bool) -> None:
    option = f"-tls{version.replace('.', '_')}"
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{front.model.https}", "-servername", NAME,
         option, "-cipher", "DEFAULT:@SECLEVEL=0", "-verify_return_error",
         "-CAfile", str(front.home.certificate)],
        input=b"", capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) is spoken, done.stderr


# Static files


def test_a_static_file_with_a_hash_is_kept_for_good(front: Front) -> None:
    put_static(front, "web/panel.0123456789ab.css", "a {}\n" * 500)
    answer = front.get("/static/web/panel.0123456789ab.css")
    assert (answer.status, answer.one("content-type")) == (200, "text/css")
    assert answer.one("cache-control") == "public, max-age=31536000, immutable"
    assert all(len(answer.headers[name]) == 1 for name in SECURITY)
    packed = front.get("/static/web/panel.0123456789ab.css", "-H", "Accept-Encoding: gzip")
    assert packed.one("content-encoding") == "gzip"
    assert "Accept-Encoding" in packed.one("vary")


def test_a_static_file_without_a_hash_is_kept_for_minutes(front: Front) -> None:
    put_static(front, "web/panel.css", "a {}\n")
    answer = front.get("/static/web/panel.css")
    assert answer.one("cache-control") == "public, max-age=300"
    assert all(len(answer.headers[name]) == 1 for name in SECURITY)


@pytest.mark.parametrize(
    "path", ["/static/none.css", "/static/none.0123456789ab.css", "/static/", "/static/web/"]
)
def test_a_static_file_that_is_not_there_is_said_in_our_words(front: Front, path: str) -> None:
    (front.home.static / "web").mkdir(exist_ok=True)
    answer = front.get(path)
    assert answer.status == 404
    assert b"nginx" not in answer.body
    assert b"not here" in answer.body
    assert all(name in answer.headers for name in SECURITY)
    assert "immutable" not in str(answer.headers.get("cache-control"))


@pytest.mark.parametrize(
    "path",
    [
        "/static/../mailstead.toml",
        "/static/%2e%2e/mailstead.toml",
        "/static../mailstead.toml",
        "/static/..%2fmailstead.toml",
        "/static/a.0123456789ab.css/../../mailstead.toml",
        "/static/.collected",
    ],
)
def test_nothing_beside_the_static_files_is_reached(front: Front, path: str) -> None:
    (front.home.root / "mailstead.toml").write_text("# secret\n")
    put_static(front, ".collected", "secret")
    answer = front.get(path, "--path-as-is")
    assert b"secret" not in answer.body


# When the panel is away


def test_while_the_panel_is_away_our_own_page_says_so() -> None:
    with running_front() as front:
        front.panel_down()
        answer = front.get("/")
        assert answer.status in (502, 503)
        assert b"Mail is received, sent and read as always." in answer.body
        assert b"color-scheme" in answer.body
        assert b"nginx" not in answer.body
        assert "nginx/" not in answer.one("server")
        assert answer.one("cache-control") == "no-store"
        assert all(len(answer.headers[name]) == 1 for name in SECURITY)
        api = front.get("/api/v1/domains")
        assert api.one("content-type") == "application/problem+json"
        assert b'"title"' in api.body
        front.panel_up()
        assert front.get("/").status == 200
        assert list(troubles(front.home)) == []


def test_its_worker_reaches_the_panels_door_and_no_other() -> None:
    with running_front() as front:
        feed = front.home.web_socket
        feed.parent.mkdir()
        feed.parent.chmod(0o750)
        feed.touch()
        feed.chmod(0o666)
        as_worker = [
            "setpriv",
            "--reuid=www-data",
            "--regid=www-data",
            "--init-groups",
            "test",
            "-e",
        ]
        assert subprocess.run([*as_worker, front.home.panel_socket], check=False).returncode == 0
        assert subprocess.run([*as_worker, feed], check=False).returncode != 0


# Logs


def test_the_access_log_names_the_request_and_no_secret(front: Front) -> None:
    number = front.get("/page-one?token=SECRET1").seen()["x-request-id"][0]
    line = front.wait_logged("/page-one")
    assert number in line
    for path in (
        "/welcome/SECRET2",
        "/recover/SECRET3/more",
        "/account/password/reset/key/SECRET4/",
        "/welcome%2FSECRET5",
    ):
        front.get(path)
    front.get("/page-two", "-H", "Referer: https://x.example/?SECRET6", "-A", "SECRET7")
    front.wait_logged("/page-two")
    assert "SECRET" not in (front.home.log / "nginx-access.log").read_text()


def test_the_logs_are_closed_to_others(front: Front) -> None:
    for name in ("nginx.log", "nginx-access.log"):
        assert (front.home.log / name).stat().st_mode & 0o007 == 0, name


def test_it_goes_on_in_new_logs_after_a_rotation() -> None:
    with running_front() as front:
        front.get("/before")
        front.wait_logged("/before")
        old = front.home.log / "nginx-access.log.old"
        log = front.home.log / "nginx-access.log"
        log.rename(old)
        log.touch(0o640)
        assert front.process is not None
        control.reopen_log(front.home, front.process.pid)

        def in_the_new_one() -> bool:
            front.get("/after")
            return "/after" in log.read_text()

        until(in_the_new_one, "it writes to the new log")
        assert "/before" in old.read_text()


def test_it_is_small(front: Front) -> None:
    assert front.process is not None
    children = Path(f"/proc/{front.process.pid}/task/{front.process.pid}/children").read_text()
    pages = [
        int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        for pid in (str(front.process.pid), *children.split())
    ]
    assert len(pages) <= 3
    megabytes = sum(pages) * os.sysconf("SC_PAGESIZE") / 2**20
    print(f"nginx: {len(pages)} processes, {megabytes:.1f} MiB resident")
    assert megabytes < 40


def test_a_policy_is_fetched_under_its_domains_name_and_nothing_else_is(front: Front) -> None:
    name = "mta-sts.cars.example"
    for answer in (
        front.get("/.well-known/mta-sts.txt", "--insecure", name=name),
        front.plain("/.well-known/mta-sts.txt", name=name),
    ):
        assert answer.status == 200
        assert json.loads(answer.body)["path"] == "/policies/mta-sts/cars.example/"
        assert answer.seen()["host"] == [f"{NAME}:{front.model.https}"]
    assert front.get("/", "--insecure", name=name).status == 404
    assert front.get("/domains/", "--insecure", name=name).status == 404
