"""What nodes are told and tell of moves, and what moves do by themselves, each second."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from mailstead.control.moves.models import Copy
from mailstead.control.moves.services import copies, imap, returning
from mailstead.control.moves.services.own import doors, handover
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange
from mailstead.wire.events import AnyEvent, Applied, CopySeen
from mailstead.wire.moves import AnySource


def snapshot(server: str) -> Iterator[AnyChange]:
    """All that a node has to know of moves."""
    yield from copies.snapshot(server)
    yield from returning.snapshot(server)


def source_of_copy(server: str, job: int) -> AnySource:
    """Where and how a node fetches a mailbox now, with the password, which no feed has told it.

    Raises `Refusal` (`copy-unknown`, `login-gone`, `login-sealed`, `node-closed`, `door-sealed`).
    """
    copy = Copy.objects.filter(pk=job, server=server, wanted=True).select_related("move").first()
    kind = copy.source.get("kind") if copy else ""
    if copy is not None and kind == "imap":
        return imap.sources(copy.move, [copy.address])[0]
    if copy is not None and kind == "node":
        return doors.source(copy)
    raise Refusal("copy-unknown", "This copy is not wanted any more.")


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record a batch from a node; inside the transaction that records its numbers."""
    copies.record(server, events, now)
    returning.record(server, events, now)
    doors.record(server, events, now)
    if any(isinstance(event, Applied | CopySeen) for event in events):
        handover.told(server, now)


def advance_due(now: dt.datetime) -> int:
    """Begin and end what is due; returns how many things."""
    return copies.advance_due(now) + returning.advance_due(now) + handover.tick(now)
