"""How often: requests of a token, and tokens that are wrong.

Requests of a token are counted in this process: the limit stops a program that runs wild, and must
not cost a good one a write. Wrong tokens are counted in the cache that all processes share.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock

from django.conf import settings
from django.core.cache import cache

WINDOW = 60
"""Seconds."""
WRONG = 30
"""Wrong tokens that one network address may show in `WINDOW`."""
_KEPT = 10_000


@dataclass(frozen=True)
class Count:
    """Where a token stands in the present window."""

    limit: int
    left: int
    reset: int
    """Seconds until the next window."""

    @property
    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers writes it."""
        return {
            "RateLimit-Policy": f'"token";q={self.limit};w={WINDOW}',
            "RateLimit": f'"token";r={max(self.left, 0)};t={self.reset}',
        }


class _Windows:
    """Counts of the present window."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._window = 0
        self._counts: dict[int, int] = {}

    def count(self, token: int, now: float) -> int:
        """One request more; returns how many there were in this window."""
        window = int(now // WINDOW)
        with self._lock:
            if window != self._window or len(self._counts) > _KEPT:
                self._window, self._counts = window, {}
            self._counts[token] = self._counts.get(token, 0) + 1
            return self._counts[token]

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._window, self._counts = 0, {}


_windows = _Windows()


def use(token: int) -> Count:
    """Count a request of a token; `left` below 0 is one too many."""
    limit = settings.MAILSTEAD.web.api_requests
    now = time.time()
    reset = WINDOW - int(now % WINDOW)
    return Count(limit=limit, left=limit - _windows.count(token, now), reset=reset)


def wrong_token(address: str) -> bool:
    """Note a wrong token; returns whether the address has shown too many."""
    key = f"api-wrong:{address or 'unknown'}:{int(time.time() // WINDOW)}"
    cache.add(key, 0, WINDOW)
    return int(cache.incr(key)) > WRONG


def forget() -> None:
    """Begin to count anew; for tests."""
    _windows.forget()
