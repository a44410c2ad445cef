"""Whose log-ins are refused: the guard's blocks, told to the control plane when they change.

Files: reads `<home>/guard/logins.db`.
Known limits: what ends while the agent does not run is not told; the control plane knows until when
    each block holds at most.
"""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from dataclasses import dataclass

from mailstead.home import Home
from mailstead.mailplane.guard.database import reading, written
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.wire.events import BlockSeen

MOST = 2_000
"""Blocks of which the control plane hears in one round; the others come in the next one."""
COUNT_AGAIN = dt.timedelta(minutes=1)
"""How often it hears that more log-ins were refused for the same block."""


@dataclass
class _Row:
    """A block as the guard has written it."""

    client: str
    account: str
    reason: str
    since: float
    until: float
    count: int


class BlockBook:
    """What the control plane has been told since the agent started."""

    def __init__(self, home: Home) -> None:
        self._path = home.guard_logins
        self._told: dict[tuple[str, str], tuple[_Row, dt.datetime]] = {}
        self._version: tuple[int, ...] = ()

    def tell(self, spool: EventSpool, now: dt.datetime) -> None:
        """Tell what has changed; raises `sqlite3.Error`, `OSError`."""
        if not self._path.exists() or not self._is_due():
            return
        found = {(row.client, row.account): row for row in self._rows(now)}
        ended = [key for key in self._told if key not in found]
        changed = [key for key, row in found.items() if self._is_news(key, row, now)]
        # Ends first: who is let in again must not read for long that they are not.
        events = [_event(self._told[key][0], now, over=True) for key in ended[:MOST]]
        told = changed[: MOST - len(events)]
        spool.add([*events, *(_event(found[key], now) for key in told)])
        for key in ended[:MOST]:
            del self._told[key]
        self._told |= {key: (found[key], now) for key in told}

    def _is_due(self) -> bool:
        """Whether anything was written since the last look, or something may have ended."""
        version = written(self._path)
        news = version != self._version
        self._version = version
        return news or bool(self._told)

    def _is_news(self, key: tuple[str, str], row: _Row, now: dt.datetime) -> bool:
        if key not in self._told:
            return True
        known, at = self._told[key]
        if (known.reason, known.since) != (row.reason, row.since):
            return True
        return known != row and now - at >= COUNT_AGAIN

    def _rows(self, now: dt.datetime) -> list[_Row]:
        query = (
            "SELECT client, account, reason, since, until, count FROM block "
            "WHERE until > ? ORDER BY since"
        )
        with closing(reading(self._path)) as reader:
            return [_Row(*row) for row in reader.execute(query, (now.timestamp(),))]


def _event(row: _Row, now: dt.datetime, *, over: bool = False) -> BlockSeen:
    number, _ = EventSpool.identity()
    return BlockSeen(
        id=number,
        at=now,
        client=row.client,
        account=row.account,
        reason=row.reason,  # type: ignore[arg-type]
        since=dt.datetime.fromtimestamp(row.since, dt.UTC),
        until=dt.datetime.fromtimestamp(row.until, dt.UTC),
        count=row.count,
        over=over,
    )
