"""Which servers hear of a change: the one place where that is decided.

A domain is at home on one server, and while it moves it is on a second one too. Whatever changes in
it is told to both, in the same transaction, so that either can be its home a moment later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from mailstead.control.feed import services as feed
from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Domain
from mailstead.wire.changes import AnyChange


class Post:
    """Changes of one domain or of many, gathered by server; needs each domain's server fetched."""

    def __init__(self) -> None:
        self._by_server: dict[str, list[AnyChange]] = {}

    def add(self, domain: Domain, *changes: AnyChange) -> None:
        """Changes in a domain."""
        self._by_server.setdefault(domain.server.name, []).extend(changes)
        if domain.second_id is not None:
            assert domain.second is not None
            told = [messages.at_second(one, domain.server) for one in changes]
            self._by_server.setdefault(domain.second.name, []).extend(told)

    def send(self, now: dt.datetime) -> None:
        """Publish everything; inside the transaction of what it tells."""
        # Always in the same order: each feed is locked until the commit.
        for server in sorted(self._by_server):
            feed.publish(server=server, changes=self._by_server[server], now=now)
        self._by_server.clear()


def tell(domain: Domain, changes: Iterable[AnyChange], now: dt.datetime) -> None:
    """Tell every server on which the domain is; inside the transaction."""
    post = Post()
    post.add(domain, *changes)
    post.send(now)
