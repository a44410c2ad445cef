"""A node's own hands: settings made once, ports asked for, leftovers found, events kept."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import mailstead
from mailstead.config import HOME_VARIABLE, Ports, Settings, load
from mailstead.home import Home
from mailstead.mailplane.node import bringup, leftovers, ports, service, supervise, tls, users
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.lock import one_at_a_time
from mailstead.standards.refusal import Refusal
from mailstead.wire.events import Applied, UsageSeen


@pytest.fixture
def root() -> Iterator[Path]:
    """A short path, as a home needs it."""
    folder = Path(tempfile.mkdtemp(prefix="ms-n", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def test_settings_are_made_at_the_first_start_and_kept(root: Path) -> None:
    first = bringup.ensure_settings(root, offset=7000, hostname="MX.Example.net")
    assert (first.hostname, first.ports.offset) == ("mx.example.net", 7000)
    text = (root / "mailstead.toml").read_bytes()
    assert bringup.ensure_settings(root, offset=None, hostname="") == first
    assert (root / "mailstead.toml").read_bytes() == text
    assert load(root) == first


@pytest.mark.parametrize(
    ("offset", "hostname", "code"),
    [(1, "", "offset-differs"), (None, "other.example", "hostname-differs")],
)
def test_an_option_that_contradicts_the_settings_is_refused(
    root: Path, offset: int | None, hostname: str, code: str
) -> None:
    bringup.ensure_settings(root, offset=7000, hostname="mx.example.net")
    with pytest.raises(Refusal) as refusal:
        bringup.ensure_settings(root, offset=offset, hostname=hostname)
    assert refusal.value.code == code


def test_a_home_whose_sockets_would_not_fit_is_refused(root: Path) -> None:
    with pytest.raises(Refusal, match="longer than 60 octets"):
        bringup.ensure_settings(root / ("x" * 60), offset=None, hostname="")


def test_one_command_at_a_time(root: Path) -> None:
    with one_at_a_time(root):
        with pytest.raises(Refusal) as refusal, one_at_a_time(root):
            pytest.fail("two commands held the lock")
        assert refusal.value.code == "busy"
    with one_at_a_time(root):
        pass


def with_smtp_port(root: Path, port: int) -> Settings:
    """Settings whose other ports are very probably free."""
    return Settings(
        home=root, ports=msgspec.structs.replace(Ports(offset=41000), smtp=port - 41000)
    )


def test_a_taken_port_is_named_with_its_holder(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(Refusal) as refusal:
            ports.refuse_taken(with_smtp_port(root, port))
    assert refusal.value.code == "port-taken"
    assert f"Port {port} (smtp) is taken by" in refusal.value.words
    assert f"pid {os.getpid()}" in refusal.value.words


@pytest.fixture
def orphan(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of an instance whose supervisor is gone: the agent's module, standing still."""
    home = root / "home"
    module = root / "mailstead.mailplane.node.agent"
    module.write_text("import time\ntime.sleep(600)\n")
    child = subprocess.Popen(
        [sys.executable, str(module), "mailstead.mailplane.node.agent"],
        env={HOME_VARIABLE: str(home), "PATH": os.environ["PATH"]},
    )
    yield child
    child.kill()
    child.wait()


def test_what_a_killed_instance_left_is_found_and_ended(
    root: Path, orphan: subprocess.Popen[bytes]
) -> None:
    deadline = time.monotonic() + 10
    while not (found := leftovers.find(Home(root / "home"))) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert found == [orphan.pid]
    assert leftovers.find(Home(root / "another")) == []
    leftovers.end(found)
    assert orphan.wait(5) is not None
    assert leftovers.find(Home(root / "home")) == []


def test_this_process_is_never_a_leftover(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(root))
    assert os.getpid() not in leftovers.find(Home(root))


def test_a_certificate_is_made_once_and_a_real_one_kept(root: Path) -> None:
    home = Home(root)
    assert tls.ensure(home, ("mx.example.net",))
    made = home.certificate.read_bytes()
    assert home.certificate_key.stat().st_mode & 0o777 == 0o600
    assert not tls.ensure(home, ("mx.example.net",))
    assert home.certificate.read_bytes() == made
    words = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", str(home.certificate)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "DNS:mx.example.net" in words


def test_our_own_certificate_is_made_anew_for_another_name(root: Path) -> None:
    home = Home(root)
    assert tls.ensure(home, ("mx.example.net",))
    assert tls.ensure(home, ("mx.example.net", "panel.example.net"))
    assert not tls.ensure(home, ("panel.example.net",))


def test_a_self_signed_certificate_of_somebody_else_is_kept(root: Path) -> None:
    home = Home(root)
    home.tls.mkdir(parents=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "3650", "-subj", "/CN=mx.example.net",
         "-keyout", str(home.certificate_key), "-out", str(home.certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    theirs = home.certificate.read_bytes()
    assert not tls.ensure(home, ("mx.example.net", "panel.example.net"))
    assert home.certificate.read_bytes() == theirs


def test_a_certificate_whose_key_is_another_one_is_made_anew(root: Path) -> None:
    home = Home(root)
    tls.ensure(home, ("mx.example.net",))
    key = home.certificate_key.read_bytes()
    home.certificate.unlink()
    tls.ensure(home, ("mx.example.net",))
    home.certificate_key.write_bytes(key)
    assert tls.ensure(home, ("mx.example.net",)), "as a kill between the two files leaves it"
    assert not tls.ensure(home, ("mx.example.net",))


def test_a_node_of_another_needs_no_port_for_a_panel(root: Path) -> None:
    assert {"https", "http"} <= set(ports.needed(Settings(home=root)))
    assert not {"https", "http"} & set(ports.needed(Settings(home=root, control="none")))


def test_a_socket_that_was_left_behind_is_no_panel_that_runs(root: Path) -> None:
    path = root / "left.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert supervise._taken(path)
    assert path.exists()
    assert not supervise._taken(path)


def test_events_wait_on_disk_in_their_order(root: Path) -> None:
    noon = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    sent = [
        Applied(id="a", at=noon, revision=1),
        UsageSeen(id="b", at=noon, store="s", bytes=5, messages=2),
        Applied(id="c", at=noon, revision=2),
    ]
    path = root / "agent" / "events.db"
    path.parent.mkdir()
    spool = EventSpool(path)
    for event in sent:
        spool.add([event])
    spool.close()
    again = EventSpool(path)
    number, waiting = again.waiting()
    assert waiting == sent
    again.done(number, waiting)
    assert again.waiting()[1] == []
    again.close()


def test_the_supervisor_starts_engines_before_what_needs_them(root: Path) -> None:
    settings = Settings(home=root, hostname="mx.example.net")
    names = supervise.programs(settings)
    assert names[-5:] == ["guard", "agent", "web", "worker", "nginx"]
    assert names[:5] == ["redis", "unbound", "postsrsd", "mtasts", "tlspolicy"]
    without = msgspec.structs.replace(settings, control="none")
    assert not {"web", "nginx"} & set(supervise.programs(without))


def test_a_percent_in_the_home_is_not_read_as_an_expansion(root: Path) -> None:
    settings = Settings(home=Path("/srv/50%s"), hostname="mx.example.net")
    (made,) = supervise.render(settings, Home(settings.home))
    assert 'MAILSTEAD_HOME="/srv/50%%s"' in made.text


def test_the_unit_starts_and_stops_this_instance(root: Path) -> None:
    text = service.render(Home(Path("/srv/mail")))
    assert "ExecStart=" in text and "--home /srv/mail up --no-demo" in text
    assert "ExecStop=" in text and "--home /srv/mail down" in text
    assert service.unit_name(Home(Path("/srv/mail"))) == "mailstead-srv-mail.service"
    assert service.unit_name(Home(Path("/var/lib/mailstead"))) == "mailstead.service"


def _check_program(source: Path, root: Path, home_mode: int = 0o755) -> str:
    """What the control plane's user says when it is to run the program that lies in `source`."""
    users.ensure()
    bringup.ensure_settings(root, offset=7000, hostname="mx.example.net")
    root.chmod(home_mode)
    done = subprocess.run(
        [sys.executable, "-m", "mailstead.mailplane.node.launch", "check", "--home", str(root)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr.strip()


@pytest.mark.engines
def test_the_program_may_lie_where_its_user_cannot_go(root: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    source = closed / "src"
    shutil.copytree(Path(mailstead.__file__).parent, source / "mailstead")
    closed.chmod(0o700)
    assert _check_program(source, root) == ""


@pytest.mark.engines
def test_what_the_programs_user_cannot_read_is_named(root: Path, tmp_path: Path) -> None:
    shutil.copytree(Path(mailstead.__file__).parent, tmp_path / "mailstead")
    tmp_path.chmod(0o700)
    assert _check_program(tmp_path, root) == f"{tmp_path} is closed to the user mailstead"
    tmp_path.chmod(0o755)
    assert _check_program(tmp_path, root, 0o700) == f"{root} is closed to the user mailstead"
