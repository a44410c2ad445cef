"""Who has sent how much: the guard's counters, told to the control plane when they change.

Files: reads `<home>/guard/guard.db`.
Known limits: what ages out of a window while the agent does not run is not told; whoever shows the
    figures looks at their age.
"""

from __future__ import annotations

import datetime as dt
from contextlib import closing

from mailstead.home import Home
from mailstead.mailplane.guard.database import reading, written
from mailstead.mailplane.guard.rules.limits import CUSTOMER, MAILBOX
from mailstead.mailplane.guard.store import BUCKET, SECONDS
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.wire.events import SendingSeen
from mailstead.wire.sending import Ceilings

MOST_AT_ONCE = 5_000
"""Of which the control plane hears in one round; the others come in the next one."""
LOOK_AGAIN = dt.timedelta(minutes=5)
"""Without anything new, counts still age out of their windows."""

_Figures = tuple[int, int, int, int, str, int, int]
"""Messages and recipients of the hour, of the day; page, count and time of refusals."""

_QUERY = """
SELECT key, SUM(mh), SUM(rh), SUM(md), SUM(rd), MAX(page), SUM(count), SUM(at) FROM (
  SELECT key, SUM(CASE WHEN start > :hour THEN messages ELSE 0 END) AS mh,
    SUM(CASE WHEN start > :hour THEN recipients ELSE 0 END) AS rh,
    SUM(messages) AS md, SUM(recipients) AS rd, '' AS page, 0 AS count, 0 AS at
  FROM bucket WHERE start > :day GROUP BY key
  UNION ALL SELECT key, 0, 0, 0, 0, page, count, at FROM refusal)
GROUP BY key
"""


class SendingBook:
    """What the control plane has been told since the agent started."""

    def __init__(self, home: Home) -> None:
        self._path = home.guard_database
        self._told: dict[str, _Figures] = {}
        self._version: tuple[int, ...] | None = None
        self._looked: dt.datetime | None = None

    def tell(self, spool: EventSpool, now: dt.datetime) -> None:
        """Tell what has changed; raises `sqlite3.Error`, `OSError`."""
        if not self._path.exists() or not self._is_due(now):
            return
        found = self._figures(now)
        gone = {key: (0, 0, 0, 0, "", 0, 0) for key in self._told if key not in found}
        changed = {key: row for key, row in (found | gone).items() if self._told.get(key) != row}
        told = dict(list(changed.items())[:MOST_AT_ONCE])
        spool.add([_event(key, row, now) for key, row in told.items()])
        self._told |= told
        for key in gone.keys() & told.keys():
            del self._told[key]
        if len(told) < len(changed):
            self._version = None

    def _is_due(self, now: dt.datetime) -> bool:
        """Whether anything was written since the last look, or that is long ago."""
        version = written(self._path)
        aged = self._looked is None or now - self._looked >= LOOK_AGAIN
        if version == self._version and not aged:
            return False
        self._version, self._looked = version, now
        return True

    def _figures(self, now: dt.datetime) -> dict[str, _Figures]:
        at = int(now.timestamp())
        since: dict[str, int] = {name: at - seconds - BUCKET for name, seconds in SECONDS.items()}
        with closing(reading(self._path)) as reader:
            rows = reader.execute(_QUERY, dict(since)).fetchall()
        return {row[0]: tuple(row[1:]) for row in rows}


def _event(key: str, row: _Figures, now: dt.datetime) -> SendingSeen:
    number, _ = EventSpool.identity()
    kind, _, name = key.partition(":")
    messages_hour, recipients_hour, messages_day, recipients_day, page, refused, at = row
    return SendingSeen(
        id=number,
        at=now,
        address=name if kind == MAILBOX else "",
        customer=int(name) if kind == CUSTOMER else 0,
        used=Ceilings(
            messages_hour=messages_hour,
            messages_day=messages_day,
            recipients_hour=recipients_hour,
            recipients_day=recipients_day,
        ),
        page=page,
        refused=refused,
        refused_at=dt.datetime.fromtimestamp(at, dt.UTC) if at else None,
    )
