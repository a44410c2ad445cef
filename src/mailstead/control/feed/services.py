"""Writing the feed, asking nodes, and recording what they report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

import msgspec
from django.db import transaction
from django.db.models import F, Max

from mailstead.control.feed.models import FeedHead, FeedRow, NodeSample, Order, RecordedEvent
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import VERSION, AnyChange
from mailstead.wire.events import AnyEvent, Applied, ApplyFailed, EventsLost, NodeSeen
from mailstead.wire.orders import Answered, AnyOrder, Given, OrderPage

KEEP = dt.timedelta(days=7)
"""How long revisions and event numbers are held; a node that was away longer takes a snapshot."""

LOT = 5_000
LOTS = 40
"""Event numbers that are dropped at once, and how often in one round."""
KEEP_ORDERS = dt.timedelta(days=1)
KEEP_SAMPLES = dt.timedelta(days=31)
ORDER_LIVES = dt.timedelta(minutes=10)
"""After this time an order that nobody has answered is given up."""
AT_ONCE = 20
"""Orders that a node is given at once."""
EXPIRED = "The node did not answer in time; nothing was done."

EventHandler = Callable[[AnyEvent], None]
Completer = Callable[[str, AnyOrder], AnyOrder]
"""From an order's key and the order to the order as the node gets it; raises `Refusal`."""
BatchRecorder = Callable[[str, Sequence[AnyEvent], dt.datetime], None]
"""From the server, its new events and the time; for what comes by the thousand."""


def open_feed(server: str) -> None:
    """Begin the feed of a server; harmless when it has begun."""
    FeedHead.objects.get_or_create(server=server)


_OF_THE_FEED = (Applied, ApplyFailed, EventsLost, NodeSeen)


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
    *,
    server: str,
    events: Iterable[AnyEvent],
    handle: EventHandler,
    now: dt.datetime,
    record: BatchRecorder | None = None,
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
            if isinstance(event, _OF_THE_FEED):
                _record(server, event)
            handle(event)
        if record is not None:
            record(server, list(wanted.values()), now)
    return len(wanted)


def _record(server: str, event: Applied | ApplyFailed | EventsLost | NodeSeen) -> None:
    head = FeedHead.objects.filter(server=server)
    if isinstance(event, Applied):
        head.update(acked=event.revision, acked_at=event.at, failed_revision=None, failed_words="")
    elif isinstance(event, ApplyFailed):
        head.update(failed_revision=event.revision, failed_words=event.words[:1000])
    elif isinstance(event, EventsLost):
        head.update(events_lost=F("events_lost") + event.count)
    else:
        _sample(server, event)


def _sample(server: str, seen: NodeSeen) -> None:
    """Keep a minute's figures, with the lag that there was then: it may be told much later."""
    figures = msgspec.to_builtins(seen)
    for name in ("type", "id", "at"):
        del figures[name]
    rows = FeedRow.objects.filter(server=server, created__lte=seen.at).order_by("-number")
    newest = rows.values_list("number", flat=True).first()
    figures["lag"] = max(0, newest - seen.revision) if newest is not None else 0
    NodeSample.objects.get_or_create(
        server=server, at=seen.at.replace(second=0, microsecond=0), defaults={"figures": figures}
    )


def ask(*, server: str, order: AnyOrder, key: str, actor_name: str, now: dt.datetime) -> Order:
    """Ask a node to do or to look up something; `key` finds its newest answer again.

    The node hears of it when the transaction is committed. Raises `Refusal` (`wire-invalid`) for
    an order whose fields are too large or no addresses or numbers at all.
    """
    payload = codec.encode(order)
    codec.decode_order(payload)
    return Order.objects.create(
        server=server,
        kind=type(order).__name__,
        key=key,
        payload=payload.decode(),
        asked_by=actor_name[:280],
        asked_at=now,
    )


def give_up(order: Order, words: str = EXPIRED) -> None:
    """Nobody waits for the answer any more; what the order carries is needed no longer."""
    rows = Order.objects.filter(pk=order.pk, answered_at=None)
    rows.update(answered_at=dt.datetime.now(dt.UTC), words=words[:1000], payload="")


def expire(now: dt.datetime) -> int:
    """Answer orders that no node has taken in time; returns how many."""
    old = Order.objects.filter(answered_at=None, asked_at__lt=now - ORDER_LIVES)
    # What an order carries is needed no longer; it may be somebody's mail.
    return old.update(answered_at=now, words=EXPIRED, payload="")


def hand_out(server: str, now: dt.datetime, complete: Completer | None = None) -> OrderPage:
    """The orders that a node has not answered, oldest first; what is too old is given up.

    `complete` adds to an order of a key what must not be kept in its row; one that it refuses is
    answered in its words.
    """
    rows = list(Order.objects.filter(server=server, answered_at=None).order_by("pk")[:AT_ONCE])
    given = []
    for row in rows:
        left = (row.asked_at + ORDER_LIVES - now).total_seconds()
        if left > 0:
            order = codec.decode_order(row.payload.encode())
            try:
                order = complete(row.key, order) if complete else order
            except Refusal as refusal:
                give_up(row, refusal.sentence)
                continue
            given.append(Given(number=row.pk, left=left, order=order))
    if len(given) < len(rows):
        expire(now)
    return OrderPage(version=VERSION, orders=tuple(given))


def record_answers(*, server: str, answers: Iterable[Answered], now: dt.datetime) -> int:
    """Record a node's answers, the first to each order; returns how many were new."""
    new = 0
    with transaction.atomic():
        for answered in answers:
            text = codec.encode(answered.answer).decode() if answered.answer else ""
            row = Order.objects.filter(pk=answered.number, server=server, answered_at=None)
            new += row.update(answered_at=now, answer=text, words=answered.words[:1000], payload="")
    return new


def compact(now: dt.datetime) -> int:
    """Drop what is too old: revisions, event numbers, orders, samples; returns how many."""
    expire(now)
    dropped = Order.objects.filter(asked_at__lt=now - KEEP_ORDERS).delete()[0]
    dropped += NodeSample.objects.filter(at__lt=now - KEEP_SAMPLES).delete()[0]
    return dropped + _compact_feed(now)


def _compact_feed(now: dt.datetime) -> int:
    dropped = 0
    old = FeedRow.objects.filter(created__lt=now - KEEP)
    for server, last in old.values_list("server").annotate(last=Max("number")):
        with transaction.atomic():
            FeedHead.objects.filter(server=server).update(floor=last)
            dropped += FeedRow.objects.filter(server=server, number__lte=last).delete()[0]
    return dropped + _compact_numbers(now)


def _compact_numbers(now: dt.datetime) -> int:
    """In small lots: the delivery log alone makes millions a day."""
    dropped = 0
    old = RecordedEvent.objects.filter(recorded__lt=now - KEEP)
    for _ in range(LOTS):
        lot = list(old.order_by("recorded").values_list("event", flat=True)[:LOT])
        dropped += RecordedEvent.objects.filter(event__in=lot).delete()[0]
        if len(lot) < LOT:
            break
    return dropped
