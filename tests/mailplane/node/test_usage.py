"""Storage in use: read where Dovecot keeps it, for the mailboxes that its log names."""

from __future__ import annotations

import gzip
import os
import sqlite3
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import Host, until

from mailstead.home import Home
from mailstead.mailplane.node import tail
from mailstead.mailplane.node.usage import UsageBook

ANN, BOB = "ann@a.example", "bob@a.example"


class Store:
    """A mail store and Dovecot's log, without Dovecot."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.log.mkdir()
        self.log = self.home.log / "dovecot.log"

    def say(self, words: str, end: str = "\n") -> None:
        with self.log.open("a") as out:
            out.write(f"2026-11-24T10:00:00 {words}{end}")

    def holds(self, address: str, lines: str) -> Path:
        """Dovecot has written this maildirsize file."""
        local, _, domain = address.partition("@")
        path = self.home.mail / domain / local / "Maildir" / "maildirsize"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(lines)
        return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_what_the_log_names_is_read_and_told_once(store: Store) -> None:
    store.holds(ANN, "1000S\n0 0\n300 1\n200 2\n-100 -1\n")
    store.holds(BOB, "0S\n7 1\n")
    store.say(f"lmtp({ANN})<1><x>: Info: sieve: stored mail into mailbox 'INBOX'")
    book = UsageBook(store.home)
    assert book.take() == {ANN: (400, 2)}
    assert book.take() == {}
    store.say(f"imap({BOB})<1><x>: Info: expunge: box=INBOX, uid=1")
    assert book.take() == {BOB: (7, 1)}
    assert book.untold(10) == {ANN: (400, 2), BOB: (7, 1)}
    book.told({ANN: (400, 2), BOB: (1, 1)})
    assert book.untold(10) == {BOB: (7, 1)}, "it has changed since it was told"
    assert UsageBook(store.home).untold(1) == {BOB: (7, 1)}


def test_a_size_that_is_written_after_the_line_is_seen_the_next_time(store: Store) -> None:
    store.say(f"imap({ANN})<1><x>: Info: save: box=Sent, uid=1")
    book = UsageBook(store.home)
    assert book.take() == {}
    assert book.untold(10) == {}, "an empty mailbox is no news"
    store.holds(ANN, "0S\n9 1\n")
    assert book.take() == {ANN: (9, 1)}
    store.holds(ANN, "0S\n10 2\n")
    assert book.take() == {}, "nobody has said anything since"


def test_a_line_is_read_when_it_is_whole(store: Store) -> None:
    store.holds(ANN, "0S\n9 1\n")
    store.say(f"lmtp({ANN})<1>", end="")
    book = UsageBook(store.home)
    assert book.take() == {}
    with store.log.open("a") as out:
        out.write("<x>: Info: sieve: stored\n")
    assert book.take() == {ANN: (9, 1)}


@pytest.mark.parametrize(
    "line",
    [
        f"lmtp(77): Info: msgid=<lmtp({ANN})>: lmtp({ANN})<1>: stored",
        f"imap-login: Info: Login: user=<{ANN}>, method=PLAIN",
        "lmtp(not an address)<1>: Info",
        f"auth-worker(1): Error: sql({ANN},127.0.0.1): failed",
    ],
)
def test_what_a_sender_writes_into_the_log_names_nobody(store: Store, line: str) -> None:
    store.holds(ANN, "0S\n9 1\n")
    store.say(line)
    assert UsageBook(store.home).take() == {}


def test_nothing_is_missed_when_the_log_is_rotated_or_the_agent_away(store: Store) -> None:
    book = UsageBook(store.home)
    store.say("master: Info: starting up")
    assert book.take() == {}
    store.holds(ANN, "0S\n9 1\n")
    store.holds(BOB, "0S\n5 1\n")
    store.say(f"lmtp({ANN})<1><x>: Info: stored")
    store.log.rename(store.log.with_name("dovecot.log.20261124-000000"))
    (store.home.log / "dovecot.log.20261123-000000.gz").write_bytes(gzip.compress(b"old"))
    store.log.touch()
    store.say(f"lmtp({BOB})<1><x>: Info: stored")
    assert UsageBook(store.home).take() == {ANN: (9, 1), BOB: (5, 1)}


def test_all_that_is_there_is_taken_however_much_is_read_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "AT_ONCE", 100)
    store.holds(ANN, "0S\n9 1\n")
    store.holds(BOB, "0S\n5 1\n")
    book = UsageBook(store.home)
    for address in (ANN, BOB):
        for _ in range(5):
            store.say("master: Info: nothing of note")
        store.say(f"lmtp({address})<1><x>: Info: stored")
    assert book.take() == {ANN: (9, 1), BOB: (5, 1)}


def test_a_log_that_was_cut_is_read_from_its_beginning(store: Store) -> None:
    book = UsageBook(store.home)
    store.say("master: Info: " + "x" * 500)
    book.take()
    store.holds(ANN, "0S\n9 1\n")
    os.truncate(store.log, 0)
    store.say(f"lmtp({ANN})<1><x>: Info: stored")
    assert book.take() == {ANN: (9, 1)}


def test_an_address_with_another_store_is_read_again(store: Store) -> None:
    path = store.holds(ANN, "0S\n9 1\n")
    store.say(f"lmtp({ANN})<1><x>: Info: stored")
    book = UsageBook(store.home)
    assert [book.take(), book.take()] == [{ANN: (9, 1)}, {}]
    path.unlink()
    assert book.take() == {}
    book.look_again([ANN])
    assert book.take() == {ANN: (0, 0)}


@pytest.mark.parametrize("text", ["", "1000S", "1000S\nx y\n", "1000S\n-5 -1\n", "\0\0"])
def test_a_damaged_file_counts_as_empty_until_dovecot_mends_it(store: Store, text: str) -> None:
    path = store.holds(ANN, "1000S\n9 1\n")
    store.say(f"lmtp({ANN})<1><x>: Info: stored")
    book = UsageBook(store.home)
    assert book.take() == {ANN: (9, 1)}
    path.write_text(text)
    assert book.take() == {ANN: (0, 0)}


def test_nothing_is_forgotten_while_the_database_cannot_be_written(store: Store) -> None:
    book = UsageBook(store.home)
    store.holds(ANN, "0S\n9 1\n")
    store.say(f"lmtp({ANN})<1><x>: Info: stored")
    hidden = store.home.usage_database.rename(store.home.root / "hidden")
    store.home.usage_database.mkdir()
    with pytest.raises(sqlite3.OperationalError):
        book.take()
    store.home.usage_database.rmdir()
    hidden.rename(store.home.usage_database)
    assert book.take() == {ANN: (9, 1)}


@pytest.mark.engines
@pytest.mark.parametrize("quota", [1_000_000, 0])
def test_deliveries_and_removals_of_a_real_dovecot_are_seen(host: Host, quota: int) -> None:
    ann = host.add(f"used-{quota}", quota=quota)
    seen: dict[str, tuple[int, int]] = {}

    def messages() -> int:
        seen.update(host.usage.take())
        return seen.get(ann, (0, 0))[1]

    host.deliver(ann, "x" * 900)
    until(lambda: messages() == 1, "the delivery is seen")
    assert 900 < seen[ann][0] < 2_000
    with host.imap(ann) as session:
        session.append("Sent", None, None, b"Subject: mine\r\n\r\nHello\r\n")
        # While the session is open.
        until(lambda: messages() == 2, "the copy is seen")
        session.select("INBOX")
        session.store("1", "+FLAGS", "\\Deleted")
        session.expunge()
        until(lambda: messages() == 1, "the removal is seen")
    assert seen[ann][0] < 100
