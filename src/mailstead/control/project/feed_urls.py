"""The addresses behind the feed's own door, which only the node's agent can reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from django.urls import URLPattern, URLResolver, include, path

from mailstead.control.delivery import services as delivery
from mailstead.control.delivery.queries import pools
from mailstead.control.dns.zones import messages as zones
from mailstead.control.feed.views import routes
from mailstead.control.hosting import messages
from mailstead.control.hosting.services import handle_event, record_rehashed
from mailstead.control.moves import services as moves
from mailstead.control.protection import services as protection
from mailstead.wire.changes import AnyChange
from mailstead.wire.events import AnyEvent


def snapshot(server: str) -> Iterator[AnyChange]:
    """All that a node has to know, from every part of the house that tells nodes something."""
    yield from messages.snapshot(server)
    yield from delivery.snapshot(server)
    yield from pools.snapshot(server)
    yield from zones.snapshot(server)
    yield from protection.snapshot(server)
    yield from moves.snapshot(server)


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record a batch from a node, each part of the house what is its own."""
    record_rehashed(server, events, now)
    delivery.record(server, events, now)
    protection.record(server, events, now)
    moves.record(server, events, now)


def handle(server: str, event: AnyEvent) -> None:
    """What one event of a node changes."""
    handle_event(event, server)


urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "feed/v1/",
        include(
            routes(
                snapshot=snapshot,
                handle=handle,
                record=record,
                source=moves.source_of_copy,
                complete=moves.complete_order,
            )
        ),
    ),
]
