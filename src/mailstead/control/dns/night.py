"""When a domain is looked at next: its own moment in the night, the same each night."""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass

LEAST = dt.timedelta(hours=1)
"""Who was looked at just before their moment is not looked at again in it."""


@dataclass(frozen=True)
class Night:
    """The hours in which all domains are looked at, UTC."""

    begins: int
    """Hour of the day."""
    hours: int

    def next_turn(self, name: str, now: dt.datetime) -> dt.datetime:
        """The domain's next moment after `now`; by a digest of its name all have other moments."""
        offset = zlib.crc32(name.encode()) % (self.hours * 3600)
        day = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        turn = day + dt.timedelta(days=-1, hours=self.begins, seconds=offset)
        while turn < now + LEAST:
            turn += dt.timedelta(days=1)
        return turn
