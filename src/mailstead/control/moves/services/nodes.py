"""What nodes are told and tell of moves: copies, old addresses, and mail that goes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from mailstead.control.moves.services import copies, returning
from mailstead.wire.changes import AnyChange
from mailstead.wire.events import AnyEvent


def snapshot(server: str) -> Iterator[AnyChange]:
    """All that a node has to know of moves."""
    yield from copies.snapshot(server)
    yield from returning.snapshot(server)


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record a batch from a node; inside the transaction that records its numbers."""
    copies.record(server, events, now)
    returning.record(server, events, now)


def advance_due(now: dt.datetime) -> int:
    """Begin and end what is due; returns how many things."""
    return copies.advance_due(now) + returning.advance_due(now)
