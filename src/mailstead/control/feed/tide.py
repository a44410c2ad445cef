"""Waiting for news: one look at the database serves all who wait in this process."""

from __future__ import annotations

import asyncio

from asgiref.sync import sync_to_async

from mailstead.control.feed.queries import heads

EVERY = 0.05
"""Seconds between two looks, only while somebody waits."""


class Tide:
    """Lets many coroutines wait until the feed of their server passes a number."""

    def __init__(self) -> None:
        self._heads: dict[str, int] = {}
        self._waiting = 0
        self._looked = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def rise_above(self, server: str, number: int, seconds: float) -> bool:
        """Wait until the server's head is above `number`; False when it is not after `seconds`."""
        self._waiting += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds), self._looked:
                # What the last look saw may be older than what the node already knows.
                await self._looked.wait_for(lambda: self._heads.get(server, 0) > number)
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    async def _look(self) -> None:
        while self._waiting:
            self._heads = await sync_to_async(heads)()
            async with self._looked:
                self._looked.notify_all()
            await asyncio.sleep(EVERY)
