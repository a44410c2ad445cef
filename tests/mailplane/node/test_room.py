"""Which mailboxes quota-status is asked about: those that may not have room for a message."""

from __future__ import annotations

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


class Node:
    """The two databases and the map, without running engines."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.postfix.mkdir(parents=True)
        (self.home.postfix / "main.cf").write_text("compatibility_level = 3.6\n")
        self.directory = schema.connect(self.home.directory_database)
        users.ensure()
        self.home.log.mkdir()
        self.book = UsageBook(self.home)
        self.maps = Postmap(self.home)
        self.maps.create()
        self.room = Room(self.home, self.maps, LARGEST)

    def mailbox(self, address: str, quota: int) -> None:
        self.directory.execute(
            "INSERT OR REPLACE INTO login VALUES (?, '', '', 1, 1, ?, 0)", (address, quota)
        )

    def used(self, address: str, size: int) -> None:
        """Dovecot writes the size and names the mailbox in its log."""
        local, _, domain = address.partition("@")
        folder = self.home.mail / domain / local / "Maildir"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "maildirsize").write_text(f"5000S\n{size} 1\n")
        self.say(f"lmtp({address})<1><a>: Info: sieve: stored mail into mailbox 'INBOX'")
        self.book.take()

    def say(self, words: str) -> None:
        """A line of Dovecot's log."""
        with (self.home.log / "dovecot.log").open("a") as out:
            out.write(f"2026-11-24T10:00:00 {words}\n")

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
