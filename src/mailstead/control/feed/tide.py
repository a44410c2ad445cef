"""Waiting for news: one look at the database serves all who wait in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from asgiref.sync import sync_to_async
from django.db import DatabaseError

from mailstead.control.feed.queries import Mark, marks

EVERY = 0.05
"""Seconds between two looks, only while somebody waits."""
PAUSE = 1.0
"""Seconds after a look that has failed."""


class Tide:
    """Lets many coroutines wait until there is news for their server."""

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}
        self._waiting = 0
        self._looked = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def rise_above(self, server: str, number: int, seconds: float) -> bool:
        """Wait until the server's head is above `number`; False when it is not after `seconds`."""
        # What the last look saw may be older than what the node already knows.
        return await self._wait(lambda: self._mark(server).revision > number, seconds)

    async def brings_order(self, server: str, seconds: float) -> bool:
        """Wait until there is an order for the server; False when there is none after `seconds`."""
        return await self._wait(lambda: self._mark(server).order > 0, seconds)

    def _mark(self, server: str) -> Mark:
        return self._marks.get(server, Mark(0, 0))

    async def _wait(self, there: Callable[[], bool], seconds: float) -> bool:
        self._waiting += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds), self._looked:
                # Not before a look that began after this question: the last one may be old.
                await self._looked.wait()
                await self._looked.wait_for(there)
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    async def _look(self) -> None:
        while self._waiting:
            try:
                self._marks = await sync_to_async(marks)()
            except DatabaseError as error:
                # Ended here, it would leave all who wait to the end of their time.
                structlog.get_logger("feed").warning("cannot look for news", words=str(error))
                await asyncio.sleep(PAUSE)
                continue
            async with self._looked:
                self._looked.notify_all()
            await asyncio.sleep(EVERY)
