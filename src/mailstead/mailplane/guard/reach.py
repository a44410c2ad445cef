"""A Redis that may be away: said once, tried again ever more seldom, never waited for by mail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

PAUSES = (0.5, 30.0)
"""Seconds between two tries to reach it: the first, and the longest."""
ANSWER = 5.0
"""Seconds in which it answers."""

log = structlog.get_logger("guard")


def once() -> Retry:
    """How the library is to try: a single time. Who has a `Reach` tries again, and says so."""
    return Retry(NoBackoff(), 0)


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks that may be at work with the library, and wait for their end.

    A cancellation that comes when a read has just begun may get lost in it: one is not enough.
    """
    living = {task for task in tasks if not task.done()}
    while living:
        for task in living:
            task.cancel()
        _, living = await asyncio.wait(living, timeout=0.2)


class Reach:
    """Keeps one piece of work going that needs a Redis."""

    def __init__(self, what: str) -> None:
        self._what = what
        """For the log: `what` is out of reach, `what` is back."""
        self._away = False
        self._pause = PAUSES[0]

    async def keep(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it until cancelled, anew each time that Redis was away."""
        while True:
            try:
                await work()
            except (RedisError, OSError) as error:
                if not self._away:
                    log.warning(f"{self._what} out of reach", words=str(error))
                self._away = True
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, PAUSES[1])

    def arrived(self) -> None:
        """It answers."""
        if self._away:
            log.info(f"{self._what} back")
        self._away, self._pause = False, PAUSES[0]
