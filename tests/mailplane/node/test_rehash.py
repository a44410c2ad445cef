"""A right password whose hash came from elsewhere: what the agent makes of it, and what not."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import until

from mailstead.home import Home
from mailstead.mailplane.node import event_spool, rehash
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.rehash import Rehasher
from mailstead.standards import password as passwords
from mailstead.wire.events import PasswordRehashed

ANN, PASSWORD = "ann@here.example", b"old one"
FOUND = "{MD5-CRYPT}" + passwords._crypt(PASSWORD, "$1$saltsalt$")


class Node:
    """The agent's part of it, with a log-in table to ask."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.directory.mkdir()
        self.spool = EventSpool(self.home.event_spool)
        self.say(
            "CREATE TABLE login (address TEXT PRIMARY KEY, secret TEXT, smtp_user TEXT,"
            " may_login INTEGER)"
        )
        self.put(ANN)
        self.rehasher = Rehasher(self.home)

    def say(self, statement: str, values: tuple[object, ...] = ()) -> None:
        with contextlib.closing(sqlite3.connect(self.home.directory_database)) as base, base:
            base.execute(statement, values)

    def put(self, address: str, number: int = 7, secret: str = FOUND, may: int = 1) -> None:
        values = (address, secret, f"{address}/{number}", may)
        self.say("INSERT OR REPLACE INTO login VALUES (?, ?, ?, ?)", values)

    def told(self) -> list[PasswordRehashed]:
        """What the control plane hears."""
        self.rehasher.tell(self.spool)
        number, events = self.spool.waiting()
        self.spool.done(number, events)
        return [event for event in events if isinstance(event, PasswordRehashed)]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path)
    yield made
    made.spool.close()


def handed(password: bytes = PASSWORD, log_in: str = f"{ANN}/7") -> bytes:
    return log_in.encode() + b"\n" + password


def test_the_houses_hash_of_it_is_told(node: Node) -> None:
    node.rehasher.take(handed())
    (event,) = node.told()
    assert (event.mailbox, event.credential) == (ANN, 7)
    assert passwords.is_made_here(event.secret)
    assert passwords.verify(PASSWORD, event.secret)


def test_a_burst_of_log_ins_makes_one_and_later_ones_another(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(20):
        node.rehasher.take(handed())
    assert len(node.told()) == 1
    node.rehasher.take(handed())
    assert node.told() == []
    # As when it was lost on its way.
    monkeypatch.setattr(rehash, "AGAIN_AFTER", 0.0)
    node.rehasher.take(handed())
    assert len(node.told()) == 1


def test_another_password_is_another_one(node: Node) -> None:
    node.rehasher.take(handed())
    node.told()
    node.put(ANN, 8, "{MD5-CRYPT}" + passwords._crypt(b"next", "$1$saltsalt$"))
    node.rehasher.take(handed(b"next", f"{ANN}/8"))
    assert [event.credential for event in node.told()] == [8]


@pytest.mark.parametrize(
    "datagram",
    [
        handed(b"wrong"),
        handed(b""),
        handed(b"old one\0and more"),
        handed(log_in=f"{ANN}/8"),
        handed(log_in="bob@here.example/7"),
        handed(log_in=ANN),
        handed(log_in=f"{ANN}/x"),
        handed(log_in="' OR 1=1 --/7"),
        b"",
        b"\n",
        b"\xff\xfe\n" + PASSWORD,
        handed(b"x" * 2000),
    ],
)
def test_nothing_is_made_of_what_does_not_open_the_mailbox(node: Node, datagram: bytes) -> None:
    node.rehasher.take(datagram)
    assert node.told() == []
    node.rehasher = Rehasher(node.home)
    node.rehasher.take(handed())
    assert len(node.told()) == 1


def test_nothing_is_made_of_a_suspended_log_in(node: Node) -> None:
    node.put(ANN, may=0)
    node.rehasher.take(handed())
    assert node.told() == []


def test_nothing_is_made_of_what_is_the_houses(node: Node) -> None:
    node.put(ANN, secret=passwords.rehashed(PASSWORD))
    node.rehasher.take(handed())
    assert node.told() == []


@pytest.mark.parametrize(
    "secret",
    [
        "{CRYPT}$y$nonsense",
        "{NOBODY}x",
        "{ARGON2ID}$argon2id$v=19$m=x",
        "{SSHA}é",
        "{BLF-CRYPT}$2y$99$x",
        "",
    ],
)
def test_a_hash_that_cannot_be_read_is_left_alone(node: Node, secret: str) -> None:
    node.put(ANN, secret=secret)
    node.rehasher.take(handed())
    assert node.told() == []


def test_no_word_of_a_password_or_hash_is_logged(
    node: Node, capfd: pytest.CaptureFixture[str]
) -> None:
    for number, secret in enumerate((FOUND, "{SSHA}é", "{CRYPT}$y$nonsense", "{NOBODY}x")):
        node.put(ANN, number, secret)
        node.rehasher.take(handed(log_in=f"{ANN}/{number}"))
        node.rehasher.take(handed(b"wrong one", log_in=f"{ANN}/{number}"))
    node.put(ANN, 9)
    node.rehasher.take(handed(b"\xffwrong one", log_in=f"{ANN}/9"))
    node.say("DROP TABLE login")
    node.rehasher.take(handed(log_in=f"{ANN}/10"))
    written = "".join(capfd.readouterr())
    assert "does not fit" in written
    assert "no such table" in written
    for word in ("old one", "wrong one", "saltsalt", "nonsense", "$6$", "$1$"):
        assert word not in written


def test_a_full_spool_keeps_it_for_later(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.rehasher.take(handed())
    with monkeypatch.context() as patch:
        patch.setattr(event_spool, "LIMIT", 0)
        assert node.told() == []
    assert len(node.told()) == 1


def test_what_waits_and_what_is_remembered_is_bounded(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehash, "WAITING", 2)
    monkeypatch.setattr(rehash, "REMEMBERED", 3)
    for number in range(5):
        node.put(ANN, number)
        node.rehasher.take(handed(log_in=f"{ANN}/{number}"))
    assert len(node.told()) == 2
    for number in range(9):
        node.put(ANN, number)
        node.rehasher.take(handed(log_in=f"{ANN}/{number}"))
        node.told()
        assert len(node.rehasher._seen) <= 3


@pytest.mark.engines
def test_the_door_is_for_dovecot_and_root_alone(node: Node) -> None:
    path, stopping = node.home.rehash_socket, threading.Event()
    path.parent.mkdir(parents=True)
    path.touch()  # as an agent that was killed has left it
    thread = threading.Thread(target=node.rehasher.run, args=(stopping,))
    thread.start()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mouth:
            until(path.is_socket, "the agent listens")
            until(lambda: stat.S_IMODE(path.parent.stat().st_mode) == 0o710, "it is all made")
            mouth.sendto(handed(), str(path))
        events: list[PasswordRehashed] = []
        until(lambda: events.extend(node.told()) or events, "it is told")
        assert [event.mailbox for event in events] == [ANN]
        for place, mode, owner in ((path, 0o600, "dovecot"), (path.parent, 0o710, "root")):
            found = place.stat()
            assert stat.S_IMODE(found.st_mode) == mode
            assert place.owner() == owner
            assert place.group() == "dovecot"
    finally:
        stopping.set()
        thread.join(10)
