"""`mailstead up`, `down`, `status`: what the operator of one host reads and relies on."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.commands import run
from lab.internet import Lab
from lab.node import COMMAND, Node

from lab import compiled

pytestmark = [pytest.mark.lab, pytest.mark.waits]


@pytest.fixture(scope="module")
def fresh(lab: Lab) -> Iterator[Node]:
    """A host on which nothing was ever started."""
    node = lab.add_node("fresh", "fresh.node.example")
    node.write_settings()
    compiled.lend(node.home)
    yield node
    node.down()


def command(node: Node, *words: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`mailstead WORDS` in the node's host, whatever its exit code."""
    return node.namespace.run(
        COMMAND, "--home", home or node.folder, *words, check=False, timeout=200
    )


def refused(node: Node, *words: str, home: Path | None = None) -> str:
    """The sentence with which a command ends, its exit code 2 and no trace of Python."""
    done = command(node, *words, home=home)
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def panel(node: Node, path: str, *options: str) -> str:
    """The status with which the panel answers, its certificate verified."""
    return node.namespace.run(
        "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*",
        "--cacert", node.home.certificate, "--resolve", "fresh.node.example:443:127.0.0.1",
        *options, f"https://fresh.node.example{path}",
    ).stdout  # fmt: skip


def processes_of(home: Path) -> list[str]:
    """The command lines of all processes that belong to a home."""
    found = []
    mark = f"MAILSTEAD_HOME={home}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes()
            if mark in (process / "environ").read_bytes().split(b"\0") and words:
                found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return [words for words in found if "lab.warm" not in words]


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder for a home: the path of a unix socket may not be long."""
    with tempfile.TemporaryDirectory(prefix="ms-i", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.timeout(600)
def test_the_life_of_an_instance(fresh: Node) -> None:
    """One story, because each step needs the one before: up, up, a second one, down, up.

    That `up` mends what was killed stands in `tests/reliability/test_kills.py`.
    """
    first = command(fresh, "up")
    assert first.returncode == 0, first.stderr
    for words in ("postfix answers", "Proved: a message with an attachment", "ann@demo.example"):
        assert words in first.stdout
    assert "submission  587" in first.stdout
    password = first.stdout.split("ann@demo.example")[1].split()[0]
    assert password not in run("ps", "-ef").stdout

    assert "The panel: https://fresh.node.example/" in first.stdout
    assert panel(fresh, "/").startswith(("200", "302"))
    assert panel(fresh, "/feed/v1/node1/changes") == "404"
    assert panel(fresh, "/", "-H", "Host: evil.example") == "421"

    second = command(fresh, "up")
    assert second.returncode == 0, second.stderr
    assert "Nothing to change: everything runs already." in second.stdout
    status = json.loads(command(fresh, "status", "--json").stdout)
    assert {row["state"] for row in status["processes"]} == {"RUNNING"}
    assert status["lag"] == 0

    settings = fresh.home.settings_file
    settings.write_text(settings.read_text() + "\n[log]\nkeep_days = 7\n")
    outdated = json.loads(command(fresh, "doctor", "--json").stdout)["items"]
    assert [row["state"] for row in outdated if row["check"] == "programs"] == ["warn"]
    before = {row["name"]: row["pid"] for row in status["processes"]}
    changed = command(fresh, "up")
    assert "Restarting agent: its program or settings are newer" in changed.stdout
    status = json.loads(command(fresh, "status", "--json").stdout)
    kept = {row["name"] for row in status["processes"] if before[row["name"]] == row["pid"]}
    assert kept == {
        *("redis", "unbound", "knot", "postsrsd", "mtasts", "rspamd", "dovecot", "postfix", "nginx")
    }
    assert (status["lag"], status["troubles"]) == (0, [])

    other = Path(str(fresh.folder) + "-b")
    beside = command(fresh, "up", "--port-offset", "10000", "--hostname", "b.example.net",
                     home=other)  # fmt: skip
    assert beside.returncode == 0, beside.stderr
    assert "submission  10587" in beside.stdout
    assert command(fresh, "status").returncode == 0
    assert "has the port offset 10000" in refused(fresh, "up", "--port-offset", "1", home=other)
    assert command(fresh, "down", home=other).returncode == 0
    assert processes_of(other) == []
    assert command(fresh, "status").returncode == 0, "the first instance runs on"

    down = command(fresh, "down")
    assert "All processes are stopped." in down.stdout
    assert processes_of(fresh.folder) == []
    assert command(fresh, "status").returncode == 4
    assert "Nothing was running." in command(fresh, "down").stdout

    again = command(fresh, "up")
    assert again.returncode == 0, again.stderr
    assert "Proved:" in again.stdout
    assert command(fresh, "down").returncode == 0


def test_a_taken_port_is_named_with_who_has_it(fresh: Node) -> None:
    with fresh.namespace.entered():
        listener = socket.create_server(("0.0.0.0", 25))
    try:
        words = refused(fresh, "up")
    finally:
        listener.close()
    assert "Port 25 (smtp) is taken by" in words
    assert "--port-offset" in words


def test_only_root_starts_a_host(fresh: Node) -> None:
    if not Path(COMMAND).stat().st_mode & 0o005:
        pytest.skip("this clone cannot be read by others")
    reach = run("setpriv", "--reuid=65534", "--clear-groups", COMMAND, "--version", check=False)
    if reach.returncode != 0:
        pytest.skip("this clone cannot be reached by others")
    done = run(
        "setpriv", "--reuid=65534", "--clear-groups", COMMAND, "--home", "/tmp/nobody", "up",
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Run the command as root." in done.stderr


def test_a_full_disk_is_said_before_anything_starts(fresh: Node, short: Path) -> None:
    home = short / "small"
    home.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=20m", "mailstead-lab", home)
    try:
        words = refused(fresh, "up", "--port-offset", "20000", home=home)
    finally:
        run("umount", home)
    assert "200 are needed" in words
    assert processes_of(home) == []


def test_a_missing_package_is_named(fresh: Node, short: Path) -> None:
    hidden = short / "nothing"
    hidden.touch()
    hide = f'mount --bind {hidden} /usr/sbin/unbound-checkconf && exec "$@"'
    done = fresh.namespace.run(
        "unshare", "--mount", "sh", "-c", hide, "sh",
        COMMAND, "--home", short / "home", "up", "--port-offset", "20000",
        check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 2, done
    assert "unbound" in done.stderr and "make up" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_commands_at_once_do_not_disturb_each_other(fresh: Node) -> None:
    import fcntl

    with (fresh.folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "Wait until it has ended." in refused(fresh, "up")


def test_without_systemd_the_service_says_so(fresh: Node) -> None:
    if Path("/run/systemd/system").exists():
        pytest.skip("this machine runs systemd")
    assert "does not run systemd" in refused(fresh, "service", "install")


def test_doctor_speaks_of_every_check(fresh: Node) -> None:
    done = command(fresh, "doctor", "--json")
    assert done.returncode in (0, 3), done.stderr
    rows = json.loads(done.stdout)["items"]
    names = {row["check"] for row in rows}
    assert {"inotify", "clock", "disk", "resolver"} <= names, names
    assert all(row["words"].endswith(".") for row in rows), rows
    assert all(row["remedy"].strip() for row in rows if row["state"] != "ok"), rows
