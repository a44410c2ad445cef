"""Events that wait for the control plane: on disk, bounded, nothing lost in silence."""

from __future__ import annotations

import datetime as dt
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mailstead.mailplane.node.tail import Place
from mailstead.wire import codec
from mailstead.wire.events import AnyEvent, EventsLost

LIMIT = 100_000
"""Events; beyond it new ones are counted and dropped."""
BATCH = 500


class EventSpool:
    """The spool; one writer, the agent."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS event (number INTEGER PRIMARY KEY AUTOINCREMENT, "
            "body BLOB NOT NULL)"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS lost (count INTEGER NOT NULL)")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS place (name TEXT PRIMARY KEY, inode INTEGER NOT NULL, "
            "octets INTEGER NOT NULL)"
        )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @staticmethod
    def identity() -> tuple[str, dt.datetime]:
        """A new event's id and time."""
        return uuid.uuid4().hex, dt.datetime.now(dt.UTC)

    def add(self, events: Sequence[AnyEvent], places: Mapping[str, Place] | None = None) -> None:
        """Keep events until they are handed in, and how far the logs were read for them.

        Both or neither, so that what a log tells becomes an event once.
        """
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            room = max(0, LIMIT - self._db.execute("SELECT count(*) FROM event").fetchone()[0])
            kept = [(codec.encode(event),) for event in events[:room]]
            self._db.executemany("INSERT INTO event (body) VALUES (?)", kept)
            self._db.executemany("INSERT INTO lost VALUES (1)", [()] * (len(events) - len(kept)))
            self._db.executemany(
                "INSERT OR REPLACE INTO place VALUES (?, ?, ?)",
                [(name, *place) for name, place in (places or {}).items()],
            )

    def room(self) -> int:
        """How many more events it takes."""
        return LIMIT - int(self._db.execute("SELECT count(*) FROM event").fetchone()[0])

    def places(self) -> dict[str, Place]:
        """How far the logs were read, by name."""
        rows = self._db.execute("SELECT name, inode, octets FROM place")
        return {name: Place(inode, octets) for name, inode, octets in rows}

    def waiting(self) -> tuple[int, list[AnyEvent]]:
        """The oldest events and the number up to which they reach (0: none)."""
        lost = self._db.execute("SELECT count(*) FROM lost").fetchone()[0]
        rows = self._db.execute(
            "SELECT number, body FROM event ORDER BY number LIMIT ?", (BATCH,)
        ).fetchall()
        events = [msgspec.json.decode(row[1], type=AnyEvent) for row in rows]
        if lost and len(rows) < BATCH:
            number, now = self.identity()
            events.append(EventsLost(id=number, at=now, count=lost))
        return (rows[-1][0] if rows else 0), events

    def done(self, number: int, events: list[AnyEvent]) -> None:
        """Forget what was handed in."""
        self._db.execute("DELETE FROM event WHERE number <= ?", (number,))
        if any(isinstance(event, EventsLost) for event in events):
            self._db.execute("DELETE FROM lost")
