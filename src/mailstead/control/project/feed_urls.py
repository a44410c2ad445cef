"""The addresses behind the feed's own door, which only the node's agent can reach."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, include, path

from mailstead.control.delivery.queries import pools
from mailstead.control.delivery.services import record
from mailstead.control.delivery.services import snapshot as suppressions
from mailstead.control.dns.zones import messages as zones
from mailstead.control.feed.views import routes
from mailstead.control.hosting import messages
from mailstead.control.hosting.services import handle_event
from mailstead.wire.changes import AnyChange


def snapshot(server: str) -> Iterator[AnyChange]:
    """All that a node has to know, from every part of the house that tells nodes something."""
    yield from messages.snapshot(server)
    yield from suppressions(server)
    yield from pools.snapshot(server)
    yield from zones.snapshot(server)


urlpatterns: list[URLPattern | URLResolver] = [
    path("feed/v1/", include(routes(snapshot=snapshot, handle=handle_event, record=record))),
]
