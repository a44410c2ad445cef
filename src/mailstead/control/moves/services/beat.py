"""What moves do by themselves: when nodes have told something, and each second."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from mailstead.control.moves.services import copies
from mailstead.control.moves.services.own import doors, handover
from mailstead.wire.events import AnyEvent, Applied, CopySeen


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record a batch from a node; inside the transaction that records its numbers."""
    copies.record(server, events, now)
    doors.record(server, events, now)
    if any(isinstance(event, Applied | CopySeen) for event in events):
        handover.told(server, now)


def advance_due(now: dt.datetime) -> int:
    """Begin and try again what is due, copies and changes of home; returns how many."""
    return copies.advance_due(now) + handover.tick(now)
