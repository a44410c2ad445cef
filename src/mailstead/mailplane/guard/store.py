"""The guard's counters: how many messages and recipients each has sent, in one SQLite file.

One writer, the guard. What it lets through is written before the answer goes out, so that many
sessions at once, or a guard that is killed between the two, never let one more through than the
ceiling says. That is one row a message; what the rows add up to is kept in memory, and put into the
table of counts every second (`fold`). A message is counted once, however often Postfix asks about
it: its `instance` is remembered for a while.

Windows slide: what was sent lies in buckets of five minutes, and an hour is the last twelve and the
one that is half over, so a little more than an hour and never less. No hour or day begins anew at
a full hour or at midnight.

Known limits: after a power cut (not after a kill) the counts of the last ten seconds or so may be
missing, because a transaction is not waited for on the disk (`database.settle`).
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mailstead.mailplane.guard.database import opened, reading, transaction
from mailstead.wire.protection import GuardCount
from mailstead.wire.sending import MEASURES, WINDOWS, Ceilings, Measure, Window

BUCKET = 300
SECONDS: dict[Window, int] = {"hour": 3600, "day": 86_400}
KEEP_INSTANCE = 600
"""Seconds for which a message that was let through is known again; Postfix asks again at once."""
MOST_AT_HAND = 20_000
"""Keys whose counts are kept in memory, a KiB each; others are read when they are needed."""

_TABLES = """
CREATE TABLE IF NOT EXISTS bucket (
  key TEXT NOT NULL, start INTEGER NOT NULL, messages INTEGER NOT NULL,
  recipients INTEGER NOT NULL, PRIMARY KEY (key, start)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bucket_start ON bucket (start);
DROP TABLE IF EXISTS granted;
CREATE TABLE IF NOT EXISTS sent (
  number INTEGER PRIMARY KEY, at INTEGER NOT NULL, instance TEXT NOT NULL, keys TEXT NOT NULL,
  recipients INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS folded (number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS refusal (
  key TEXT PRIMARY KEY, page TEXT NOT NULL, count INTEGER NOT NULL, at INTEGER NOT NULL
  ) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tally (
  name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""

_Bucket = list[int]
"""Start, messages, recipients."""


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
        self._at_hand: OrderedDict[str, list[_Bucket]] = OrderedDict()
        """By key, what the longest window holds, oldest first."""
        self._fresh: dict[str, list[_Bucket]] = {}
        """The same of what the table of counts does not have yet."""
        self._granted: dict[str, int] = {}
        """When a message was let through, by its instance, oldest first."""
        self._folded = self._db.execute("SELECT MAX(number) FROM folded").fetchone()[0] or 0
        self._number = self._folded
        self._go_on()

    def _go_on(self) -> None:
        """Where the one before stopped, however that was."""
        rows = self._db.execute("SELECT number, at, instance, keys, recipients FROM sent")
        for number, at, instance, keys, recipients in rows:
            self._granted[instance] = at
            if number > self._folded:
                self._number = number
                for key in keys.split("\n"):
                    _add(self._fresh.setdefault(key, []), at, recipients)
        self.fold()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def reserve(
        self, *, instance: str, claims: Sequence[Claim], recipients: int, now: dt.datetime
    ) -> Full | None:
        """Count one message under every claim, or under none and say which ceiling is full.

        Of several the one that lasts longest. A message that was counted already is not again.
        """
        if instance in self._granted:
            return None
        at = int(now.timestamp())
        full = [one for claim in claims for one in self._full(claim, recipients, at)]
        if full:
            return max(full, key=_how_long)
        keys = "\n".join(claim.key for claim in claims)
        row = (self._number + 1, at, instance, keys, recipients)
        self._db.execute("INSERT INTO sent VALUES (?, ?, ?, ?, ?)", row)
        # Only now: what could not be written is not counted, and not let through.
        self._number += 1
        if instance:
            self._granted[instance] = at
        for claim in claims:
            _add(self._fresh.setdefault(claim.key, []), at, recipients)
            if claim.key in self._at_hand:
                _add(self._at_hand[claim.key], at, recipients)
        return None

    def fold(self) -> None:
        """Put what was sent since the last time into the table of counts, in one transaction."""
        if self._number == self._folded:
            return
        rows = [(key, *bucket) for key, buckets in self._fresh.items() for bucket in buckets]
        with transaction(self._db):
            self._db.executemany(
                "INSERT INTO bucket VALUES (?, ?, ?, ?) ON CONFLICT (key, start) DO UPDATE SET "
                "messages = messages + excluded.messages, "
                "recipients = recipients + excluded.recipients",
                rows,
            )
            self._db.execute("DELETE FROM folded")
            self._db.execute("INSERT INTO folded VALUES (?)", (self._number,))
        self._folded = self._number
        self._fresh.clear()
        while len(self._at_hand) > MOST_AT_HAND:
            self._at_hand.popitem(last=False)

    def _full(self, claim: Claim, recipients: int, at: int) -> Iterator[Full]:
        wanted: dict[Measure, int] = {"messages": 1, "recipients": recipients}
        buckets: list[_Bucket] | None = None
        for number, measure in enumerate(MEASURES, start=1):
            limits = {window: claim.ceilings.of(measure, window) for window in WINDOWS}
            given = [limit for limit in limits.values() if limit is not None]
            if not given:
                continue
            if buckets is None:
                buckets = self._buckets(claim.key, at)
            if sum([row[number] for row in buckets]) + wanted[measure] <= min(given):
                continue  # as mostly: even the hour has room for the whole day
            for window, limit in limits.items():
                if limit is None:
                    continue
                since = at - SECONDS[window] - BUCKET
                counts = [(row[0], row[number]) for row in buckets if row[0] > since]
                opens = _opens(counts, limit - wanted[measure], window)
                if opens != 0:
                    moment = None if opens is None else dt.datetime.fromtimestamp(opens, dt.UTC)
                    yield Full(claim, measure, window, limit, moment)

    def _buckets(self, key: str, at: int) -> list[_Bucket]:
        """What the longest window holds, oldest first."""
        since = at - SECONDS["day"] - BUCKET
        found = self._at_hand.get(key)
        if found is None:
            rows = self._db.execute(
                "SELECT start, messages, recipients FROM bucket WHERE key = ? AND start > ? "
                "ORDER BY start",
                (key, since),
            )
            found = self._at_hand[key] = [list(row) for row in rows]
            for start, messages, recipients in self._fresh.get(key, ()):
                _add(found, start, recipients, messages)
        else:
            self._at_hand.move_to_end(key)
            while found and found[0][0] <= since:
                del found[0]
        return found

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
        self.fold()
        at = int(now.timestamp())
        old, future = at - KEEP_INSTANCE, at + SECONDS["day"]
        with transaction(self._db):
            self._db.execute(
                "DELETE FROM bucket WHERE start <= ? OR start > ?",
                (at - SECONDS["day"] - BUCKET, future),
            )
            self._db.execute("DELETE FROM sent WHERE at < ? OR at > ?", (old, future))
            self._db.execute("DELETE FROM refusal WHERE at < ?", (at - 2 * SECONDS["day"],))
        self._at_hand.clear()
        self._granted = {name: when for name, when in self._granted.items() if old <= when < future}


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


def _add(buckets: list[_Bucket], at: int, recipients: int, messages: int = 1) -> None:
    """Count what was sent at a time; the newest stands last, unless a clock went back."""
    start = at - at % BUCKET
    for bucket in reversed(buckets):
        if bucket[0] == start:
            bucket[1] += messages
            bucket[2] += recipients
            return
        if bucket[0] < start:
            break
    buckets.append([start, messages, recipients])
    buckets.sort()


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
