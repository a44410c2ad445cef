"""What the detector knows, on disk: a profile for each mailbox and what is common to all.

Written behind: what has changed goes to the file every second, by whoever uses it, some profiles
at a time so that others may go on in between. A kill loses the acts since then, about a second of
them, and never a whole profile; the next acts are judged by what was known a second before.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import structlog

from mailstead.mailplane.guard.crowd import Crowd
from mailstead.mailplane.guard.database import opened, reading, transaction
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.profile import DAY, Record

MOST_AT_HAND = 10_000
"""Profiles that are kept in memory, 6 KiB each; others are read when they are needed."""
KEEP = 400 * DAY
"""For which a mailbox that does nothing is remembered: who writes once a year is known."""
LOOKED_AT = 500
"""Profiles of which `prune` asks how old they are: all of 200,000 within seven hours."""
AT_ONCE = 6
"""Profiles that are written in one transaction: whoever waits for an answer waits for one."""
# With its row number as key: rows as large as these would else need a page more for each.
_TABLES = """
CREATE TABLE IF NOT EXISTS profile (
  mailbox TEXT PRIMARY KEY, raw BLOB NOT NULL, at INTEGER NOT NULL);
DROP TABLE IF EXISTS suspicion;
CREATE TABLE IF NOT EXISTS common (name TEXT PRIMARY KEY, raw BLOB NOT NULL) WITHOUT ROWID;
"""
_PAGE = 8192
"""Octets: five profiles leave less room between them than two in half of it."""
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
        self._db = opened(path, _TABLES, _PAGE)
        self._common = b""
        """As it was written last."""
        self._looked_at = ""
        """The mailbox that `prune` saw last."""

    @classmethod
    def reading(cls, path: Path) -> Memory:
        """For a look from another process, which writes nothing."""
        made = cls.__new__(cls)
        made._db = reading(path)
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
        return sum(self.keep_by_parts(detector, at))

    def keep_by_parts(self, detector: Detector, at: float) -> Iterator[int]:
        """The same, a few at a time; between two of them the detector may be used."""
        common = _common(detector.crowd)
        if common != self._common:
            # Before the profiles: a thief's profile that says so is not told again after a kill.
            self._db.execute("INSERT OR REPLACE INTO common VALUES (?, ?)", (_THEFTS, common))
            self._common = common
        # What changes from now on has its turn the next time.
        waiting = list(detector.changed)
        while waiting:
            yield self._write(detector, waiting[-AT_ONCE:], int(at))
            del waiting[-AT_ONCE:]
        # Those that were used last stand last (`Detector.record`), and stay.
        records = detector.records
        for name in list(islice(records, max(0, len(records) - MOST_AT_HAND))):
            if name not in detector.changed:
                del records[name]

    def _write(self, detector: Detector, names: list[str], at: int) -> int:
        """Those that are still there."""
        # A mailbox that is removed meanwhile is neither (`Detector.forget`).
        names = [name for name in names if name in detector.changed]
        rows = [(name, detector.records[name].encode(), at) for name in names]
        with transaction(self._db):
            self._db.executemany(
                "INSERT INTO profile VALUES (?, ?, ?) "
                "ON CONFLICT (mailbox) DO UPDATE SET raw = excluded.raw, at = excluded.at",
                rows,
            )
        detector.changed.difference_update(names)
        return len(rows)

    def forget(self, mailbox: str) -> None:
        """A mailbox is gone."""
        self._db.execute("DELETE FROM profile WHERE mailbox = ?", (mailbox,))

    def prune(self, at: float) -> int:
        """Forget mailboxes that have done nothing for long; returns how many.

        Looks at some, the next time at the next ones: the whole file is large.
        """
        rows = self._db.execute(
            "SELECT mailbox, at FROM profile WHERE mailbox > ? ORDER BY mailbox LIMIT ?",
            (self._looked_at, LOOKED_AT),
        ).fetchall()
        self._looked_at = rows[-1][0] if len(rows) == LOOKED_AT else ""
        old = [(name,) for name, then in rows if then < at - KEEP]
        with transaction(self._db):
            self._db.executemany("DELETE FROM profile WHERE mailbox = ?", old)
        return len(old)


def _common(crowd: Crowd) -> bytes:
    return msgspec.msgpack.encode(_Thefts(crowd.thefts, crowd.stolen_texts, crowd.stolen_clients))
