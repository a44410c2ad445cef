"""What nodes tell, handed to each part of delivery that records some of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from mailstead.control.delivery.services import log, pools
from mailstead.wire.events import AnyEvent

RECORDERS = (log.record, pools.record)
"""Each takes the server, its new events and the time, and records those that are its own."""


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record a batch from a node; inside the transaction that records its numbers."""
    for recorder in RECORDERS:
        recorder(server, events, now)
