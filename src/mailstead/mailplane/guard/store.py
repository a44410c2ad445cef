"""The guard's counters: how many messages and recipients each has sent, in one SQLite file.

One writer, the guard. What it is asked to let through is looked up and counted in one transaction
before the answer goes out, so that many sessions at once, or a guard that is killed between the
two, never let one more through than the ceiling says. A message is counted once, however often
Postfix asks about it: its `instance` is remembered for a while.

Windows slide: what was sent lies in buckets of five minutes, and an hour is the last twelve and the
one that is half over, so a little more than an hour and never less. No hour or day begins anew at
a full hour or at midnight.

Known limits: after a power cut (not after a kill) the counts of the last ten seconds or so may be
missing, because a transaction is not waited for on the disk (`database.settle`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mailstead.mailplane.guard.database import opened, reading, transaction
from mailstead.wire.protection import GuardCount
from mailstead.wire.sending import MEASURES, WINDOWS, Ceilings, Measure, Window

BUCKET = 300
SECONDS: dict[Window, int] = {"hour": 3600, "day": 86_400}
KEEP_INSTANCE = 3600
"""Seconds for which a message that was let through is known again; Postfix asks again at once."""

_TABLES = """
CREATE TABLE IF NOT EXISTS bucket (
  key TEXT NOT NULL, start INTEGER NOT NULL, messages INTEGER NOT NULL,
  recipients INTEGER NOT NULL, PRIMARY KEY (key, start)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bucket_start ON bucket (start);
CREATE TABLE IF NOT EXISTS granted (
  instance TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS granted_at ON granted (at);
CREATE TABLE IF NOT EXISTS refusal (
  key TEXT PRIMARY KEY, page TEXT NOT NULL, count INTEGER NOT NULL, at INTEGER NOT NULL
  ) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tally (
  name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Claim:
    """Under which key something is counted, and how much may be under it."""

    key: str
    ceilings: Ceilings


@dataclass(frozen=True)
class Full:
    """A ceiling that leaves no room."""

    claim: Claim
    measure: Measure
    window: Window
    limit: int
    opens: dt.datetime | None
    """When there will be room; None: never for this message, it is larger than the ceiling."""


class Store:
    """The file; raises `sqlite3.Error` when it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._db = opened(path, _TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def reserve(
        self, *, instance: str, claims: Sequence[Claim], recipients: int, now: dt.datetime
    ) -> Full | None:
        """Count one message under every claim, or under none and say which ceiling is full.

        Of several the one that lasts longest. A message that was counted already is not again.
        """
        at = int(now.timestamp())
        with transaction(self._db):
            if instance and self._granted(instance):
                return None
            full = [one for claim in claims for one in self._full(claim, recipients, at)]
            if full:
                return max(full, key=_how_long)
            for claim in claims:
                self._db.execute(
                    "INSERT INTO bucket VALUES (?, ?, 1, ?) ON CONFLICT (key, start) DO UPDATE "
                    "SET messages = messages + 1, recipients = recipients + excluded.recipients",
                    (claim.key, at - at % BUCKET, recipients),
                )
            if instance:
                self._db.execute("INSERT INTO granted VALUES (?, ?)", (instance, at))
        return None

    def _granted(self, instance: str) -> bool:
        row = self._db.execute("SELECT 1 FROM granted WHERE instance = ?", (instance,)).fetchone()
        return row is not None

    def _full(self, claim: Claim, recipients: int, at: int) -> Iterator[Full]:
        wanted: dict[Measure, int] = {"messages": 1, "recipients": recipients}
        buckets: list[tuple[int, int, int]] | None = None
        for window in WINDOWS:
            for number, measure in enumerate(MEASURES, start=1):
                limit = claim.ceilings.of(measure, window)
                if limit is None:
                    continue
                if buckets is None:
                    buckets = self._buckets(claim.key, at)
                counts = [
                    (row[0], row[number])
                    for row in buckets
                    if row[0] > at - SECONDS[window] - BUCKET
                ]
                opens = _opens(counts, limit - wanted[measure], window)
                if opens != 0:
                    moment = None if opens is None else dt.datetime.fromtimestamp(opens, dt.UTC)
                    yield Full(claim, measure, window, limit, moment)

    def _buckets(self, key: str, at: int) -> list[tuple[int, int, int]]:
        """Start, messages, recipients of what the longest window holds, oldest first."""
        return self._db.execute(
            "SELECT start, messages, recipients FROM bucket WHERE key = ? AND start > ? "
            "ORDER BY start",
            (key, at - SECONDS["day"] - BUCKET),
        ).fetchall()

    def note_refusal(self, key: str, page: str, now: dt.datetime) -> None:
        """Remember that something was refused under a key, for whoever looks after it."""
        self._db.execute(
            "INSERT INTO refusal VALUES (?, ?, 1, ?) ON CONFLICT (key) DO UPDATE "
            "SET page = excluded.page, count = count + 1, at = excluded.at",
            (key, page, int(now.timestamp())),
        )

    def count(self, counts: Mapping[GuardCount, int]) -> None:
        """Add to what the guard has counted of its own work, which only grows (guard/tally.py)."""
        if counts:
            with transaction(self._db):
                self._db.executemany(
                    "INSERT INTO tally VALUES (?, ?) ON CONFLICT (name) DO UPDATE "
                    "SET value = value + excluded.value",
                    list(counts.items()),
                )

    def prune(self, now: dt.datetime) -> None:
        """Forget what no window holds any more, and what a wrong clock has put into the future."""
        at = int(now.timestamp())
        with transaction(self._db):
            self._db.execute(
                "DELETE FROM bucket WHERE start <= ? OR start > ?",
                (at - SECONDS["day"] - BUCKET, at + SECONDS["day"]),
            )
            self._db.execute(
                "DELETE FROM granted WHERE at < ? OR at > ?",
                (at - KEEP_INSTANCE, at + SECONDS["day"]),
            )
            self._db.execute("DELETE FROM refusal WHERE at < ?", (at - 2 * SECONDS["day"],))


def counted(path: Path) -> dict[str, int]:
    """All that the guard of a file has ever counted; raises `sqlite3.Error`.

    Nothing where it has not begun: there is no file, or an older guard has made it.
    """
    if not path.exists():
        return {}
    with closing(reading(path)) as db:
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'tally'").fetchone() is None:
            return {}
        return dict(db.execute("SELECT name, value FROM tally"))


def _opens(counts: Sequence[tuple[int, int]], room: int, window: Window) -> int | None:
    """When `room` is not exceeded any more: 0 now, None never, else the time."""
    if room < 0:
        return None
    left = sum(count for _, count in counts)
    if left <= room:
        return 0
    for start, count in counts:
        left -= count
        if left <= room:
            return start + BUCKET + SECONDS[window]
    return None


def _how_long(full: Full) -> tuple[bool, bool, float]:
    opens = full.opens.timestamp() if full.opens else 0.0
    return full.opens is None, full.window == "day", opens
