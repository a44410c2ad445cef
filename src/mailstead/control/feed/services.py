"""Writing the feed and recording what nodes report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import F, Max

from mailstead.control.feed.models import FeedHead, FeedRow, RecordedEvent
from mailstead.wire import codec
from mailstead.wire.changes import AnyChange
from mailstead.wire.events import AnyEvent, Applied, ApplyFailed, EventsLost

KEEP = dt.timedelta(days=7)
"""How long revisions and event numbers are held; a node that was away longer takes a snapshot."""

EventHandler = Callable[[AnyEvent], None]


def open_feed(server: str) -> None:
    """Begin the feed of a server; harmless when it has begun."""
    FeedHead.objects.get_or_create(server=server)


def publish(*, server: str, changes: Iterable[AnyChange], now: dt.datetime) -> None:
    """Append changes to a server's feed; inside the transaction of what they tell.

    The UPDATE locks the head until the commit, so revisions become visible in the order of their
    numbers and no reader ever sees a gap.
    """
    payloads = [codec.encode(change).decode() for change in changes]
    if not payloads:
        return
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("publish must be called inside a transaction")
    head = FeedHead.objects.filter(server=server)
    if not head.update(revision=F("revision") + len(payloads)):
        raise RuntimeError(f"the feed of server {server} was never opened")
    last = head.values_list("revision", flat=True).get()
    first = last - len(payloads) + 1
    FeedRow.objects.bulk_create(
        [
            FeedRow(server=server, number=number, payload=payload, created=now)
            for number, payload in enumerate(payloads, start=first)
        ],
        batch_size=1000,
    )


def record_events(
    *, server: str, events: Iterable[AnyEvent], handle: EventHandler, now: dt.datetime
) -> int:
    """Record a batch from a node, each event once; returns how many were new."""
    with transaction.atomic():
        FeedHead.objects.filter(server=server).update(last_seen=now)
        wanted = {event.id: event for event in events}
        known = RecordedEvent.objects.filter(event__in=list(wanted))
        for old in known.values_list("event", flat=True):
            del wanted[old]
        RecordedEvent.objects.bulk_create(
            [RecordedEvent(event=number, server=server, recorded=now) for number in wanted]
        )
        for event in wanted.values():
            _record(server, event)
            handle(event)
    return len(wanted)


def _record(server: str, event: AnyEvent) -> None:
    head = FeedHead.objects.filter(server=server)
    if isinstance(event, Applied):
        head.update(acked=event.revision, acked_at=event.at, failed_revision=None, failed_words="")
    elif isinstance(event, ApplyFailed):
        head.update(failed_revision=event.revision, failed_words=event.words[:1000])
    elif isinstance(event, EventsLost):
        head.update(events_lost=F("events_lost") + event.count)


def compact(now: dt.datetime) -> int:
    """Drop revisions and event numbers that are older than `KEEP`; returns how many."""
    dropped = 0
    old = FeedRow.objects.filter(created__lt=now - KEEP)
    for server, last in old.values_list("server").annotate(last=Max("number")):
        with transaction.atomic():
            FeedHead.objects.filter(server=server).update(floor=last)
            dropped += FeedRow.objects.filter(server=server, number__lte=last).delete()[0]
    return dropped + RecordedEvent.objects.filter(recorded__lt=now - KEEP).delete()[0]
