"""What the detector knows, on disk: a profile for each mailbox and what is common to all.

Written behind: what has changed goes to the file in one transaction, every second by whoever uses
it. A kill loses the acts since then, at most a second of them, and never a whole profile; the next
acts are judged by what was known a second before.
"""

from __future__ import annotations

import sqlite3
from itertools import islice
from pathlib import Path

import msgspec
import structlog

from mailstead.mailplane.guard.crowd import Crowd
from mailstead.mailplane.guard.database import opened, transaction
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.profile import DAY, Record

MOST_AT_HAND = 20_000
"""Profiles that are kept in memory; others are read when they are needed."""
KEEP = 400 * DAY
"""For which a mailbox that does nothing is remembered: who writes once a year is known."""
_TABLES = """
CREATE TABLE IF NOT EXISTS profile (
  mailbox TEXT PRIMARY KEY, raw BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
DROP TABLE IF EXISTS suspicion;
CREATE TABLE IF NOT EXISTS common (name TEXT PRIMARY KEY, raw BLOB NOT NULL) WITHOUT ROWID;
"""
_THEFTS = "thefts"

log = structlog.get_logger("guard")


class _Thefts(msgspec.Struct, array_like=True):
    """What must outlive a restart of what mailboxes have in common: who was stolen, and by whom."""

    thefts: dict[str, float]
    texts: list[tuple[int, float]]
    clients: dict[str, float]


class Memory:
    """The file; one writer, the guard. Raises `sqlite3.Error` when it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._db = opened(path, _TABLES)
        self._common = b""
        """As it was written last."""

    @classmethod
    def reading(cls, path: Path) -> Memory:
        """For a look from another process, which writes nothing."""
        made = cls.__new__(cls)
        made._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        return made

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def fill(self, detector: Detector) -> None:
        """Let a detector know what was known."""
        detector.load = self.load
        row = self._db.execute("SELECT raw FROM common WHERE name = ?", (_THEFTS,)).fetchone()
        if row is not None:
            found = msgspec.msgpack.decode(row[0], type=_Thefts)
            crowd = detector.crowd
            crowd.thefts, crowd.stolen_clients = found.thefts, found.clients
            crowd.stolen_texts = found.texts

    def load(self, mailbox: str) -> Record | None:
        """The profile of a mailbox; None: nothing is known, or nothing that can be read."""
        row = self._db.execute("SELECT raw FROM profile WHERE mailbox = ?", (mailbox,)).fetchone()
        if row is None:
            return None
        try:
            return Record.decode(row[0])
        except msgspec.MsgspecError as error:
            log.error("profile unreadable", mailbox=mailbox, words=str(error))
            return None

    def keep(self, detector: Detector, at: float) -> int:
        """Write what has changed, and let go of what was not used lately; returns how many."""
        common = _common(detector.crowd)
        if not detector.changed and common == self._common:
            return 0
        rows = [(name, detector.records[name].encode(), int(at)) for name in detector.changed]
        with transaction(self._db):
            self._db.executemany("INSERT OR REPLACE INTO profile VALUES (?, ?, ?)", rows)
            self._db.execute("INSERT OR REPLACE INTO common VALUES (?, ?)", (_THEFTS, common))
        detector.changed.clear()
        self._common = common
        # Those that were used last stand last (`Detector.record`), and stay.
        records = detector.records
        for name in list(islice(records, max(0, len(records) - MOST_AT_HAND))):
            del records[name]
        return len(rows)

    def forget(self, mailbox: str) -> None:
        """A mailbox is gone."""
        self._db.execute("DELETE FROM profile WHERE mailbox = ?", (mailbox,))

    def prune(self, at: float) -> int:
        """Forget mailboxes that have done nothing for long; returns how many."""
        return self._db.execute("DELETE FROM profile WHERE at < ?", (int(at - KEEP),)).rowcount


def _common(crowd: Crowd) -> bytes:
    return msgspec.msgpack.encode(_Thefts(crowd.thefts, crowd.stolen_texts, crowd.stolen_clients))
