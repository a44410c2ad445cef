"""Leaked passwords that log-ins show: told once for each, and the guard hears of every one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailplane.engines.dovecot.test_breached_logins import LEAKED, WAYS, put_index
from tests.mailplane.engines.harness import Host, until
from tests.mailplane.node.test_sign_ins import ANN, DOVECOT, NOW, Logs, log_in

from mailstead.mailplane.guard.acts import SignIn
from mailstead.mailplane.guard.learning import Leaked, line, read
from mailstead.mailplane.node import event_spool
from mailstead.mailplane.node.breached import BreachedBook
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.guard_feed import GuardFeed
from mailstead.mailplane.node.sign_in_lines import leaked
from mailstead.mailplane.node.sign_ins import SignInBook
from mailstead.wire.events import BreachedPasswordSeen


def said(user: str = ANN, n: int = 7, service: str = "imap", client: str = "192.0.2.7") -> str:
    return (
        f"{DOVECOT} auth-worker(77): Info: breached password: service=<{service}> "
        f"rip=<{client}> credential=<{user}/{n}>"
    )


class Node(Logs):
    """The agent's part of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        with contextlib.closing(sqlite3.connect(self.home.directory_database)) as base, base:
            base.execute("CREATE TABLE login (address TEXT PRIMARY KEY, smtp_user TEXT)")
        self.password(ANN, 7)
        self.breached = BreachedBook(self.home)
        self.feed = GuardFeed(self.home)

    def password(self, address: str, number: int) -> None:
        with contextlib.closing(sqlite3.connect(self.home.directory_database)) as base, base:
            values = (address, f"{address}/{number}")
            base.execute("INSERT OR REPLACE INTO login VALUES (?, ?)", values)

    def look(self) -> list[tuple[str, int]]:
        """What the control plane hears after a look, in the agent's order."""
        self.book.read(NOW)
        self.breached.take(self.book.leaked, self.spool)
        self.feed.leaked(self.book.leaked)
        number, events = self.spool.waiting()
        self.spool.done(number, events)
        return [
            (one.mailbox, one.credential) for one in events if isinstance(one, BreachedPasswordSeen)
        ]

    def guarded(self) -> list[str]:
        """By what log-ins with a leaked password came, as the guard hears."""
        waiting = [one for one in self.feed._waiting if isinstance(one, Leaked)]
        self.feed._waiting.clear()
        return [one.protocol for one in waiting]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path)
    yield made
    made.spool.close()


def test_it_is_told_once_for_each_password(node: Node) -> None:
    node.say(said(), said(service="pop3"), said())
    assert node.look() == [(ANN, 7)]
    node.say(said())
    assert node.look() == []
    node.breached = BreachedBook(node.home)
    node.say(said())
    assert node.look() == [], "an agent that starts anew knows it"
    node.password(ANN, 8)
    node.say(said(n=8))
    assert node.look() == [(ANN, 8)]
    assert set(node.breached._told) == {8}, "what no longer opens it is forgotten"


def test_the_guard_hears_it_at_every_log_in(node: Node) -> None:
    node.say(said(), log_in(), log_in("pop3", n=9))
    node.look()
    assert node.guarded() == ["imap"]
    node.say(said(service="pop3"))
    node.look()
    assert node.guarded() == ["pop3"]


def test_the_guard_hears_of_smtp_before_anything_is_sent(node: Node) -> None:
    node.say(said(service="smtp"))
    node.look()
    assert node.guarded() == ["smtp"]


def test_what_is_sent_to_the_guard_arrives_whole() -> None:
    sent = [Leaked(1.0, ANN, "smtp", "192.0.2.7"), Leaked(2.0, ANN, "imap", "x")]
    assert read(line(sent)) == [
        SignIn(1.0, ANN, "smtp", "192.0.2.7", breached=True),
        SignIn(2.0, ANN, "imap", "x", breached=True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        said().replace("auth-worker(77)", "imap-login"),
        said().replace("auth-worker(77)", "lmtp(ann)<7>"),
        f"{DOVECOT} imap-login: Info: Disconnected: user=<{said()}>",
        said() + " and more",
        said(service="x"),
        said(user="ann"),
        said(client="not an address"),
    ],
)
def test_a_line_that_only_looks_like_it_tells_nothing(text: str) -> None:
    assert leaked(said(), NOW) is not None
    assert leaked(text, NOW) is None


def test_a_full_spool_leaves_it_to_the_next_log_in(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(event_spool, "LIMIT", 0)
        node.say(said())
        assert node.look() == []
        assert not node.breached._told
    node.say(said())
    assert node.look() == [(ANN, 7)]


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", '{"x": 1}'])
def test_a_damaged_note_is_no_note(node: Node, text: str) -> None:
    (node.home.event_spool.parent / "breached.json").write_text(text)
    node.breached = BreachedBook(node.home)
    node.say(said())
    assert node.look() == [(ANN, 7)]


@pytest.mark.engines
def test_the_real_dovecot_is_understood(own_host: Host) -> None:
    host, home = own_host, own_host.home
    put_index(home, LEAKED)
    ann = host.add("ann", credential=7, password=LEAKED)
    bob = host.add("bob", credential=8, password="no list has this sentence")
    for address in (ann, bob):
        host.login("INSERT INTO store VALUES (?, ?)", (address, address))
    home.event_spool.parent.mkdir(exist_ok=True)
    book, told, feed = SignInBook(home), BreachedBook(home), GuardFeed(home)
    spool = EventSpool(home.event_spool)
    book.read(NOW)
    for log_in_by in WAYS.values():
        log_in_by(host, ann, LEAKED)
        log_in_by(host, bob, "no list has this sentence")

    def heard() -> set[tuple[str, str]]:
        book.read(NOW)
        told.take(book.leaked, spool)
        feed.leaked(book.leaked)
        waiting = [one for one in feed._waiting if isinstance(one, Leaked)]
        return {(one.mailbox, one.protocol) for one in waiting}

    wanted = {(ann, way) for way in WAYS}
    until(lambda: heard() == wanted, "the guard has heard of all log-ins with a leaked password")
    (event,) = spool.waiting()[1]
    spool.close()
    assert isinstance(event, BreachedPasswordSeen)
    assert (event.mailbox, event.credential) == (ann, 7)
