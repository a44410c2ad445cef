"""What the rules may look at: the counters, the node's directory, the time, where pages explain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from mailstead.mailplane.directory.sending import SendingBook
from mailstead.mailplane.guard.store import Store


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Desk:
    """Handed to every rule; nothing of it is kept between two requests but on disk."""

    store: Store
    sending: SendingBook
    """Who may send how much (the node's directory)."""
    pages: str
    """Beginning of the addresses of the pages that explain a refusal, ends with `/`."""
    now: Callable[[], dt.datetime] = _now

    def link(self, page: str) -> str:
        """The address of the page that explains."""
        return f"{self.pages}{page}/"
