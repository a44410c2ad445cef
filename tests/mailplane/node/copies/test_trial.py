"""Log-ins are tried at a real Dovecot that is not ours, and nothing is changed there."""

from __future__ import annotations

import contextlib
import imaplib
import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.mailplane.engines.harness import need_machine, until
from tests.mailplane.node.copies.stores import everything, message
from tests.mailplane.node.copies.test_desk import Desk

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.model import MAIL_USER
from mailstead.mailplane.node.copies import trial
from mailstead.mailplane.node.orders import Orders
from mailstead.wire.changes import CopyPut
from mailstead.wire.moves import ImapSource
from mailstead.wire.orders import Given, ImapFound, ImapTried, TryImap

pytestmark = pytest.mark.engines
PASSWORD = "correct-horse"
CONFIG = """
base_dir = {root}/run
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:~/Maildir
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={root}/home/%n
}}
namespace inbox {{
  inbox = yes
  prefix = INBOX.
  separator = .
  mailbox "Sent Items" {{
    auto = create
    special_use = \\Sent
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
protocol imap {{
  {more}
}}
"""


@contextlib.contextmanager
def stranger(root: Path, more: str = "") -> Iterator[int]:
    """Another host's Dovecot; everybody has the same password."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    need_machine()
    root.chmod(0o755)
    home = root / "home"
    home.mkdir()
    user = pwd.getpwnam(MAIL_USER)
    os.chown(home, user.pw_uid, user.pw_gid)
    conf = root / "dovecot.conf"
    conf.write_text(
        CONFIG.format(root=root, password=PASSWORD, user=MAIL_USER, port=port, more=more)
    )
    process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(conf)])
    try:
        until(lambda: reached(port), "it listens", 20)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def reached(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def filled(port: int) -> int:
    """Ann's three messages; returns the size of one."""
    text = message(1).replace(b"\n", b"\r\n")
    with imaplib.IMAP4("127.0.0.1", port) as session:
        session.login("ann", PASSWORD)
        session.create("INBOX.Work")
        for folder in ("INBOX", "INBOX", "INBOX.Work"):
            assert session.append(folder, "", None, text)[0] == "OK"
    return len(text)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a short name: sockets live in it."""
    made = subprocess.run(["mktemp", "-d", "/tmp/ms-t.XXXXXX"], capture_output=True, text=True)
    root = Path(made.stdout.strip())
    yield root
    subprocess.run(["rm", "-rf", str(root)], check=True)


def source(port: int, **changed: object) -> ImapSource:
    plain = ImapSource(host="127.0.0.1", port=port, tls="none", user="ann", password=PASSWORD)
    return msgspec.structs.replace(plain, **changed)


def tried(place: Path, *sources: ImapSource) -> tuple[ImapFound, ...]:
    (answered,) = Orders(Home(place)).do([Given(number=1, left=60, order=TryImap(sources=sources))])
    assert isinstance(answered.answer, ImapTried), answered.words
    assert "horse" not in repr(answered)
    return answered.answer.found


def test_who_is_let_in_and_how_much_is_there(place: Path) -> None:
    with stranger(place) as port:
        size = filled(port)
        nobody = source(1)
        found = tried(
            place, source(port), source(port, user="bob", password="wrong horse"), nobody, nobody
        )
        # A server that is away is away for all: nobody else is tried.
        assert len(found) == 3
        good, refused, away = found
        assert (good.messages, good.octets, good.problem) == (3, 3 * size, "")
        assert (good.prefix, good.separator) == ("INBOX.", ".")
        assert set(good.folders) == {"Work", "Sent Items"}
        assert good.uses == (("Sent Items", "Sent"),)
        assert "STATUS=SIZE" in good.capabilities and not good.cut
        assert "refuses the log-in of 'bob': [AUTH" in refused.problem and not refused.away
        assert away.away and "cannot be reached" in away.problem
        with imaplib.IMAP4("127.0.0.1", port) as session:
            session.login("ann", PASSWORD)
            session.select("INBOX", readonly=True)
            assert session.search(None, "UNSEEN")[1] == [b"1 2"]


def test_a_server_that_tells_little_is_looked_at_more_closely(place: Path) -> None:
    with stranger(place, "imap_capability = IMAP4rev1 LITERAL+") as port:
        size = filled(port)
        (found,) = tried(place, source(port))
        assert not found.problem, found.problem
        assert "NAMESPACE" not in found.capabilities
        assert (found.prefix, found.messages, found.octets) == ("INBOX.", 3, 3 * size)
        assert set(found.folders) == {"Work", "Sent Items"}


def test_the_time_is_bounded(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (found,) = tried(place, source(silent.getsockname()[1]))
        assert found.away
    monkeypatch.setattr(trial, "ALTOGETHER", -1.0)
    monkeypatch.setattr(trial, "EACH", -1.0)
    with stranger(place) as port:
        filled(port)
        (found,) = tried(place, source(port), source(port))
        assert found.cut and not found.problem


def test_after_a_copy_no_password_is_left_on_the_node(place: Path, tmp_path: Path) -> None:
    """A whole copy, from the first word to the last; also in what it writes while it runs."""
    desk = Desk(Home(tmp_path / "home"))
    with contextlib.closing(desk), stranger(place) as port:
        filled(port)
        desk.desk.close()
        desk.start(lambda job: source(port))
        address = "ann@a.example"
        target = desk.mailbox(address)
        told = msgspec.structs.replace(source(port), password="", user=address)
        desk.state.put(CopyPut(job=9, address=address, source=told, round=1))
        desk.until(lambda: desk.states(9)[-1:] == ["done"], "it is done")
        assert len(everything(target)[""]) == 2 and len(everything(target)[".Work"]) == 1
        assert not holding(desk.home.root)
        # The next round fails, and its words are the server's.
        desk.desk.close()
        desk.start(lambda job: source(port, password="wrong-horse"))
        desk.state.put(CopyPut(job=9, address=address, source=told, round=2))
        desk.until(lambda: desk.states(9)[-1:] == ["failed"], "it fails")
        assert "refuses the log-in of 'ann'" in desk.last(9).words
        assert not holding(desk.home.root)
        desk.state.remove("copy", "9")
        desk.until(lambda: not desk.book.jobs(), "it is forgotten")
        assert not holding(desk.home.root)


def holding(root: Path) -> list[Path]:
    """Files in which a password stands."""
    files = [path for path in root.rglob("*") if path.is_file()]
    assert files
    return [path for path in files if b"-horse" in path.read_bytes()]
