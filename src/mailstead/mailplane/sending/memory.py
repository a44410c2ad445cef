"""What the router must still know after a restart: rests, counts, receivers, DNS lists.

Counts of new addresses are written before the answer, for their ceilings are promises; all other
counts once a second.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

from mailstead.mailplane.sending.choice import Chooser, Rest
from mailstead.wire.pools import RestKind

_TABLES = """
CREATE TABLE IF NOT EXISTS rest (
  address INTEGER, receiver TEXT, kind TEXT, since TEXT, until TEXT, times INTEGER, reply TEXT,
  ended INTEGER, PRIMARY KEY (address, receiver)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS used (
  day TEXT, address INTEGER, receiver TEXT, count INTEGER,
  PRIMARY KEY (day, address, receiver)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS listed (address INTEGER PRIMARY KEY, lists TEXT);
CREATE TABLE IF NOT EXISTS learned (domain TEXT PRIMARY KEY, receiver TEXT) WITHOUT ROWID;
"""
MOST_LEARNED = 200_000
"""Domains whose receiver is remembered."""
_KINDS: dict[str, RestKind] = {"reputation": "reputation", "rate": "rate", "operator": "operator"}


class Memory:
    """The router's file; whoever uses it holds the router's lock."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A process that ends loses nothing; a machine that does, the last moments' counts.
        self._db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA busy_timeout=5000;" + _TABLES
        )
        self.learned: dict[str, str] = dict(
            self._db.execute("SELECT domain, receiver FROM learned").fetchall()
        )

    def load(self, chooser: Chooser, now: dt.datetime) -> None:
        """Give a chooser what was known."""
        for row in self._db.execute("SELECT * FROM rest"):
            kind = _KINDS[row[2]]
            since, until = (dt.datetime.fromisoformat(text) for text in row[3:5])
            rest = Rest(row[0], row[1], kind, since, until, row[5], row[6], bool(row[7]))
            chooser.rests[rest.address, rest.receiver] = rest
        chooser.listed = dict(self._db.execute("SELECT address, lists FROM listed").fetchall())
        chooser.turn_day(now)
        for address, receiver, count in self._db.execute(
            "SELECT address, receiver, count FROM used WHERE day = ?", (chooser.day.isoformat(),)
        ):
            chooser.used[address, receiver] = count

    def keep_rest(self, rest: Rest) -> None:
        """Write a rest."""
        self._db.execute(
            "INSERT OR REPLACE INTO rest VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                rest.address,
                rest.receiver,
                rest.kind,
                rest.since.isoformat(),
                rest.until.isoformat(),
                rest.times,
                rest.reply,
                rest.ended,
            ),
        )

    def drop_rest(self, rest: Rest) -> None:
        """Forget a rest and its number."""
        self._db.execute(
            "DELETE FROM rest WHERE address = ? AND receiver = ?", (rest.address, rest.receiver)
        )

    def keep_listed(self, listed: dict[int, str]) -> None:
        """Write which addresses DNS lists name; they are all."""
        with self._whole():
            self._db.execute("DELETE FROM listed")
            self._db.executemany("INSERT INTO listed VALUES (?, ?)", list(listed.items()))

    def keep_counts(self, day: dt.date, counts: dict[tuple[int, str], int]) -> None:
        """Write counts of a day; those of earlier days go."""
        with self._whole():
            self._db.execute("DELETE FROM used WHERE day < ?", (day.isoformat(),))
            self._db.executemany(
                "INSERT OR REPLACE INTO used VALUES (?, ?, ?, ?)",
                [(day.isoformat(), *key, count) for key, count in counts.items()],
            )

    def learn(self, pairs: dict[str, str]) -> None:
        """Remember the receivers of domains."""
        fresh = {key: name for key, name in pairs.items() if self.learned.get(key) != name}
        if len(self.learned) + len(fresh) > MOST_LEARNED:
            self.learned.clear()
            self._db.execute("DELETE FROM learned")
        self.learned.update(fresh)
        with self._whole():
            self._db.executemany(
                "INSERT OR REPLACE INTO learned VALUES (?, ?)", list(fresh.items())
            )

    def _whole(self) -> sqlite3.Connection:
        self._db.execute("BEGIN IMMEDIATE")
        return self._db

    def close(self) -> None:
        """Close the file."""
        self._db.close()
