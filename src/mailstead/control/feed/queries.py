"""Reading the feed, the answers of nodes, and what they have counted."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db.models import OuterRef, Subquery

from mailstead.control.feed.models import FeedHead, FeedRow, NodeSample, Order
from mailstead.wire import codec
from mailstead.wire.changes import VERSION, FeedPage, Revision
from mailstead.wire.orders import AnyAnswer

PAGE = 1000
"""Revisions in one page."""
LOOK_EVERY = 0.05
"""Seconds between two looks for an answer."""
GAUGES = frozenset(
    {
        "queue_active",
        "queue_deferred",
        "queue_hold",
        "queue_incoming",
        "disk_free",
        "disk_total",
        "load",
        "memory_available",
        "memory_total",
        "revision",
        "lag",
    }
)
"""Figures of a sample that say how it is; all others count what happened."""


class Mark(NamedTuple):
    """How far a server's news reach."""

    revision: int
    order: int
    """Number of the newest order that the node has not answered; 0: none."""


def marks() -> dict[str, Mark]:
    """The newest revision number and the newest open order of every server, in one query."""
    waiting = Order.objects.filter(server=OuterRef("server"), answered_at=None).order_by("-pk")
    rows = FeedHead.objects.annotate(open=Subquery(waiting.values("pk")[:1]))
    found = rows.values_list("server", "revision", "open")
    return {server: Mark(revision, order or 0) for server, revision, order in found}


def head(server: str) -> FeedHead | None:
    """Where the feed of a server stands; None for a server that has no feed yet."""
    return FeedHead.objects.filter(server=server).first()


def states() -> dict[str, FeedHead]:
    """Where the feed of every server stands."""
    return {row.server: row for row in FeedHead.objects.all()}


def page(server: str, after: int) -> FeedPage:
    """The revisions after a number, at most `PAGE` of them."""
    # The head is read first: rows committed since then are on the page or on the next one.
    state = head(server)
    newest = state.revision if state else 0
    if after > newest or (state is not None and after < state.floor):
        return FeedPage(version=VERSION, head=newest, revisions=(), rebuild=True)
    rows = FeedRow.objects.filter(server=server, number__gt=after).order_by("number")[:PAGE]
    revisions = tuple(
        Revision(number=row.number, change=codec.decode_change(row.payload.encode()))
        for row in rows
    )
    return FeedPage(version=VERSION, head=newest, revisions=revisions)


def newest_answer(server: str, kind: str, key: str) -> Order | None:
    """The newest order of that kind and key with an answer; `answer_of` reads it."""
    rows = Order.objects.filter(server=server, kind=kind, key=key, words="")
    return rows.exclude(answered_at=None).order_by("-pk").first()


def answer_of(order: Order) -> AnyAnswer | None:
    """What the node answered; None when it could not do it. Raises `Refusal` (`wire-invalid`)."""
    return codec.decode_answer(order.answer.encode()) if order.answer else None


def is_answered(number: int | None) -> bool:
    """Whether a node has done what an order asks; False, too, for one that is not kept any more."""
    rows = Order.objects.exclude(answer="")
    return number is not None and rows.filter(pk=number).exists()


def wait_for(number: int, seconds: float) -> Order | None:
    """The order once it is answered; None when it is not after `seconds`.

    Not inside a transaction, from which the node would not see the order.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = Order.objects.filter(pk=number).exclude(answered_at=None).first()
        left = deadline - time.monotonic()
        if found is not None or left <= 0:
            return found
        time.sleep(min(LOOK_EVERY, left))


class Bucket(NamedTuple):
    """Some minutes of a node as one: counts added up, gauges as they were at the end."""

    at: dt.datetime
    """When it begins."""
    figures: Mapping[str, float]
    samples: int


def samples(server: str, since: dt.datetime, until: dt.datetime, buckets: int) -> list[Bucket]:
    """What a node has counted, oldest first, in at most `buckets` parts of the same length.

    Parts without a sample are left out: the node was down or its figures have not come yet.
    """
    width = max(60.0, (until - since).total_seconds() / max(1, buckets))
    rows = NodeSample.objects.filter(server=server, at__gte=since, at__lt=until).order_by("at")
    grouped: dict[int, list[dict[str, float]]] = {}
    for at, figures in rows.values_list("at", "figures").iterator(chunk_size=5000):
        grouped.setdefault(int((at - since).total_seconds() // width), []).append(figures)
    return [
        Bucket(since + dt.timedelta(seconds=number * width), _joined(part), len(part))
        for number, part in grouped.items()
    ]


def _joined(part: Sequence[Mapping[str, float]]) -> dict[str, float]:
    last = part[-1]
    return {
        name: last[name] if name in GAUGES else sum(figures.get(name, 0) for figures in part)
        for name in last
    }


def last_sample(server: str) -> NodeSample | None:
    """The newest figures of a node."""
    return NodeSample.objects.filter(server=server).order_by("-at").first()


def last_samples(since: dt.datetime) -> dict[str, NodeSample]:
    """The newest figures of every node that has told any since then."""
    rows = NodeSample.objects.filter(at__gte=since).order_by("at")
    return {row.server: row for row in rows}
