"""Which mailboxes quota-status is asked about, and who tells: the usage that Dovecot writes."""

from __future__ import annotations

import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailstead.home import Home
from mailstead.mailplane.directory import schema
from mailstead.mailplane.engines.postfix.control import Postmap
from mailstead.mailplane.engines.postfix.model import ROOM, TIGHT
from mailstead.mailplane.node import users
from mailstead.mailplane.node.room import Room
from mailstead.mailplane.node.usage import UsageBook

pytestmark = pytest.mark.engines
LARGEST = 1_000


def told(address: str, size: int) -> bytes:
    """What Dovecot 2.3.19 sends after a delivery."""
    return (
        f"H3\t2\t0\t\tusage\nB1\t{address}\nS1\tpriv/quota/storage\t{size}\n"
        "S1\tpriv/quota/messages\t1\nC1\n"
    ).encode()


class Node:
    """The two databases and the map, without running engines."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.postfix.mkdir(parents=True)
        (self.home.postfix / "main.cf").write_text("compatibility_level = 3.6\n")
        self.directory = schema.connect(self.home.directory_database)
        users.ensure()
        self.home.run.mkdir()
        self.book = UsageBook(self.home)
        self.book.listen()
        self.maps = Postmap(self.home)
        self.maps.create()
        self.room = Room(self.home, self.maps, LARGEST)

    def mailbox(self, address: str, quota: int) -> None:
        self.directory.execute(
            "INSERT OR REPLACE INTO login VALUES (?, '', '', 1, 1, ?, 0)", (address, quota)
        )

    def used(self, address: str, size: int) -> None:
        """Dovecot says it, and the book is written."""
        assert self.say(told(address, size)) == b"O1\n"
        self.book.take()

    def say(self, words: bytes) -> bytes:
        """What the book answers, until it or we have no more to say."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(self.home.usage_socket))
            client.sendall(words)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while some := client.recv(1024):
                answer += some
            return answer

    def tight(self) -> set[str]:
        held = self.maps.dump(TIGHT)
        assert set(held.values()) <= {ROOM}
        return set(held)


@pytest.fixture
def node() -> Iterator[Node]:
    # The path of a unix socket may not be long.
    with tempfile.TemporaryDirectory(prefix="ms-r", dir="/tmp") as folder:
        made = Node(Path(folder))
        with closing(made.directory):
            yield made


def test_the_map_holds_who_may_not_have_room_for_the_largest_message(node: Node) -> None:
    for name, quota, used in (
        ("endless@a.example", 0, 9_999),
        ("roomy@a.example", 5_000, 4_000),
        ("short@a.example", 5_000, 4_001),
        ("full@a.example", 5_000, 5_200),
        ("small@a.example", 999, 0),
    ):
        node.mailbox(name, quota)
        if used:
            node.used(name, used)
    node.maps.update(TIGHT, {"gone@a.example": ROOM}, ())
    node.room.look_at_all()
    assert node.tight() == {"short@a.example", "full@a.example", "small@a.example"}


def test_the_first_look_is_at_all(node: Node) -> None:
    node.mailbox("small@a.example", 10)
    node.room.look_at(())
    assert node.tight() == {"small@a.example"}


def test_a_look_at_some_leaves_the_others(node: Node) -> None:
    names = [f"u{number}@a.example" for number in range(600)]
    for name in names:
        node.mailbox(name, 5_000)
    node.room.look_at_all()
    assert node.tight() == set()
    for name in names:
        node.used(name, 4_500)
    node.room.look_at(names[:550])
    assert node.tight() == set(names[:550])
    node.used(names[0], 10)
    node.directory.execute("DELETE FROM login WHERE address = ?", (names[1],))
    node.mailbox(names[2], 0)
    node.room.look_at(names[:3])
    assert node.tight() == set(names[3:550])


def test_what_dovecot_says_is_taken_once_and_kept(node: Node) -> None:
    node.say(told("ann@a.example", 5))
    node.say(told("bob@a.example", 6))
    assert node.book.take() == {"ann@a.example": (5, 1), "bob@a.example": (6, 1)}
    assert node.book.take() == {}
    # One key alone leaves the other as it was.
    node.say(b"H3\t2\t0\t\tusage\nB7\tann@a.example\nS7\tpriv/quota/storage\t9\nC7\n")
    assert node.book.take() == {"ann@a.example": (9, 1)}
    assert UsageBook(node.home).take() == {"ann@a.example": (9, 1), "bob@a.example": (6, 1)}


def test_what_is_rolled_back_or_nonsense_is_not_taken(node: Node) -> None:
    node.say(b"H3\t2\t0\t\tusage\nB1\tann@a.example\nS1\tpriv/quota/storage\t5\nR1\n")
    for words in (
        b"C1\n",
        b"S1\n",
        b"\n",
        b"\xff\xfe\n",
        b"B1\tx\nS1\tk\tmany\nC1\n",
        b"x" * 99_999,
    ):
        assert node.say(words) == b""
    assert node.book.take() == {}
    assert node.say(told("ann@a.example", 5)) == b"O1\n"


def test_nothing_is_forgotten_while_the_database_cannot_be_written(node: Node) -> None:
    node.say(told("ann@a.example", 5))
    hidden = node.home.usage_database.rename(node.home.root / "hidden")
    node.home.usage_database.mkdir()
    with pytest.raises(sqlite3.OperationalError):
        node.book.take()
    node.home.usage_database.rmdir()
    hidden.rename(node.home.usage_database)
    assert node.book.take() == {"ann@a.example": (5, 1)}
