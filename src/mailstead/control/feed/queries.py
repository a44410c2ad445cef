"""Reading the feed."""

from __future__ import annotations

from mailstead.control.feed.models import FeedHead, FeedRow
from mailstead.wire import codec
from mailstead.wire.changes import VERSION, FeedPage, Revision

PAGE = 1000
"""Revisions in one page."""


def heads() -> dict[str, int]:
    """The newest revision number of every server."""
    return dict(FeedHead.objects.values_list("server", "revision"))


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
