"""As a node's own door answers: with addresses of its own, without the panel's pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.urls import get_urlconf, set_urlconf

FEED = "mailstead.control.project.feed_urls"


@contextmanager
def node_door() -> Iterator[None]:
    """Inside the block the nodes' addresses hold (`project/asgi.py`)."""
    before = get_urlconf()
    set_urlconf(FEED)
    try:
        yield
    finally:
        set_urlconf(before)
