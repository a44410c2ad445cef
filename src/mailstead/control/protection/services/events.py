"""What nodes tell of protection, and what they have to know of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from mailstead.control.protection.services import blocks, breached, cases, guard_words
from mailstead.wire.changes import AnyChange
from mailstead.wire.events import AnyEvent

RECORDERS: tuple[Callable[[str, Sequence[AnyEvent], dt.datetime], None], ...] = (
    cases.record,
    breached.record,
    blocks.record,
)
"""Each takes the server, its new events and the time, and records those that are its own."""
SNAPSHOTS: tuple[Callable[[str], Iterator[AnyChange]], ...] = (
    guard_words.snapshot,
    blocks.snapshot,
)
"""Each gives what a server has to know."""


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record a batch from a node; inside the transaction that records its numbers."""
    for recorder in RECORDERS:
        recorder(server, events, now)


def snapshot(server: str) -> Iterator[AnyChange]:
    """All that a node has to know."""
    for part in SNAPSHOTS:
        yield from part(server)
