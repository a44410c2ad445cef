"""How a server stands, in words: what lists, the overview and its own page say."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from mailstead.control.feed import queries as feed
from mailstead.control.feed.models import FeedHead
from mailstead.control.hosting.models import Server

SILENT = dt.timedelta(minutes=2)
"""A node asks at least every half minute; who is silent for longer is away."""


PATIENCE = 4.0
"""Seconds for which a page waits for a node's answer; then it shows the one before."""


def patience(server: Server, now: dt.datetime) -> float:
    """How long to wait for an answer of a server: not at all for one that is away."""
    head = feed.head(server.name)
    here = head is not None and head.last_seen is not None and now - head.last_seen <= SILENT
    return PATIENCE if here else 0.0


@dataclass(frozen=True)
class Standing:
    """One server and how its directory stands."""

    server: Server
    kind: str
    """`good`, `warn`, `bad`, `idle`."""
    words: str
    lag: str
    """How far the node is behind, in words."""
    revision: int = 0
    acked: int = 0
    last_seen: dt.datetime | None = None
    failed_revision: int | None = None
    failed_words: str = ""
    events_lost: int = 0


def standing(server: Server, head: FeedHead | None, now: dt.datetime) -> Standing:
    """How a server stands by the head of its feed."""
    if head is None or head.last_seen is None:
        revision = head.revision if head else 0
        return Standing(server, "idle", gettext("never seen"), _lag(revision), revision=revision)
    behind = max(0, head.revision - head.acked)
    if head.failed_words:
        kind, words = "bad", gettext("cannot apply a change")
    elif now - head.last_seen > SILENT:
        kind, words = "bad", gettext("away")
    elif behind:
        kind, words = "warn", gettext("catching up")
    else:
        kind, words = "good", gettext("up to date")
    return Standing(
        server,
        kind,
        words,
        _lag(behind),
        revision=head.revision,
        acked=head.acked,
        last_seen=head.last_seen,
        failed_revision=head.failed_revision,
        failed_words=head.failed_words,
        events_lost=head.events_lost,
    )


def _lag(behind: int) -> str:
    if not behind:
        return gettext("none")
    return ngettext("{n} change behind", "{n} changes behind", behind).format(n=behind)
