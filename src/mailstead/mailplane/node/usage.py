"""Storage in use: whose mail changed is read in Dovecot's log, how much there is in maildirsize.

Dovecot keeps the sizes of a mailbox in one small file, `Maildir/maildirsize` (Maildir++ quota): a
line with the limits, then lines of bytes and messages that add up to what is there. Its log names
every mailbox in which something was delivered, stored, removed or opened. So nothing in the way of
a message waits for us, and a mailbox that changes a hundred times in two seconds is read once.

Files: reads `<home>/log/dovecot.log`; `<home>/usage/usage.db` holds what was read (`usage`) and how
    far the log was (`place`), in one transaction.
Known limits: figures are some two seconds old; while the agent is away they stand still.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing

from mailstead.home import Home
from mailstead.mailplane.node.tail import Place, all_since

Usage = dict[str, tuple[int, int]]
"""Address → bytes and messages."""
# `2026-11-24T10:00:00 lmtp(ann@a.example)<77><…>: Info: …`. What follows the name may hold
# anything that a sender wrote, hence only at the beginning of a line.
_NAMED = re.compile(rb"\S+ (?:lmtp|imap|pop3|doveadm|managesieve)\(([^()\s]+@[^()\s]+)\)")
_LINE = re.compile(rb"^(-?\d+) +(-?\d+) *$", re.MULTILINE)
_TABLES = """
CREATE TABLE IF NOT EXISTS usage (
  username TEXT PRIMARY KEY, bytes INTEGER NOT NULL, messages INTEGER NOT NULL,
  told INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS usage_untold ON usage (username) WHERE told = 0;
CREATE TABLE IF NOT EXISTS place (inode INTEGER NOT NULL, octets INTEGER NOT NULL);
"""


class UsageBook:
    """What the mailboxes of this node use; one writer, the agent."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._log = home.log / "dovecot.log"
        self._lock = threading.Lock()
        self._again: set[str] = set()
        """Named in the round before: the line may have been written just before the size was."""
        home.usage_database.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as database:
            database.executescript(_TABLES)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._home.usage_database, timeout=20)
        database.execute("PRAGMA journal_mode=WAL")
        return database

    def look_again(self, addresses: Iterable[str]) -> None:
        """Let the next `take` read these too: an address may have got another store."""
        with self._lock:
            self._again |= set(addresses)

    def take(self) -> Usage:
        """Read what may have changed since the last call; returns what did.

        Raises `sqlite3.Error`, `OSError`; nothing is forgotten then.
        """
        with self._lock:
            again, self._again = self._again, set()
        try:
            with closing(self._open()) as database:
                begun = self._place(database)
                named, place = self._named_since(begun)
                if not (named or again) and place == begun:
                    return {}  # a quiet node writes nothing
                with database:
                    changed = self._bring_up_to_date(database, named | again)
                    database.execute("DELETE FROM place")
                    database.execute("INSERT INTO place VALUES (?, ?)", place)
        except (sqlite3.Error, OSError):
            self.look_again(again)
            raise
        self.look_again(named)
        return changed

    def _bring_up_to_date(self, database: sqlite3.Connection, addresses: Iterable[str]) -> Usage:
        changed: Usage = {}
        for address in addresses:
            found = self._read(address)
            if _note(database, address, found):
                changed[address] = found
        return changed

    def untold(self, most: int) -> Usage:
        """What the control plane has not been told yet, at most so many mailboxes."""
        with closing(self._open()) as database:
            rows = database.execute(
                "SELECT username, bytes, messages FROM usage WHERE told = 0 LIMIT ?", (most,)
            )
            return {address: (size, count) for address, size, count in rows}

    def told(self, usage: Usage) -> None:
        """The control plane will hear of this; what has changed since then stays untold."""
        with closing(self._open()) as database, database:
            database.executemany(
                "UPDATE usage SET told = 1 WHERE username = ? AND bytes = ? AND messages = ?",
                [(address, size, count) for address, (size, count) in usage.items()],
            )

    def _place(self, database: sqlite3.Connection) -> Place:
        """How far the log was read."""
        row = database.execute("SELECT inode, octets FROM place").fetchone()
        return Place(*row) if row else Place(0, 0)

    def _named_since(self, place: Place) -> tuple[set[str], Place]:
        """The addresses that the log has named since the place, and the place of its end."""
        named: set[str] = set()
        for lines, reached in all_since(self._log, place):
            named |= {
                found[1].decode("utf-8", "replace")
                for line in lines
                if (found := _NAMED.match(line))
            }
            place = reached
        return named, place

    def _read(self, address: str) -> tuple[int, int]:
        local, _, domain = address.rpartition("@")
        path = self._home.mail / domain / local / "Maildir" / "maildirsize"
        try:
            return _added_up(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return 0, 0


def _added_up(text: bytes) -> tuple[int, int]:
    """Bytes and messages of a maildirsize file; its first line holds the limits."""
    size = count = 0
    for octets, messages in _LINE.findall(text):
        size += int(octets)
        count += int(messages)
    return max(0, size), max(0, count)


def _note(database: sqlite3.Connection, address: str, found: tuple[int, int]) -> bool:
    """Write what was found; returns whether it is new."""
    if found == (0, 0):
        # A mailbox that nobody has heard of is empty for everybody: nothing to tell.
        done = database.execute(
            "UPDATE usage SET bytes = 0, messages = 0, told = 0 "
            "WHERE username = ? AND (bytes != 0 OR messages != 0)",
            (address,),
        )
        return done.rowcount > 0
    done = database.execute(
        "INSERT INTO usage (username, bytes, messages) VALUES (?, ?, ?) "
        "ON CONFLICT (username) DO UPDATE SET bytes = excluded.bytes, "
        "messages = excluded.messages, told = 0 "
        "WHERE bytes != excluded.bytes OR messages != excluded.messages",
        (address, *found),
    )
    return done.rowcount > 0
