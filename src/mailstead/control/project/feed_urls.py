"""The addresses behind the feed's own door, which only the node's agent can reach."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from mailstead.control.delivery.services import record
from mailstead.control.feed.views import routes
from mailstead.control.hosting.services import handle_event
from mailstead.control.project.snapshots import snapshot

urlpatterns: list[URLPattern | URLResolver] = [
    path("feed/v1/", include(routes(snapshot=snapshot, handle=handle_event, record=record))),
]
