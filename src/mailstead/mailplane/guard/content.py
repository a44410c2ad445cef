"""What is in our own users' mail, as Rspamd tells it: numbers and addresses over the node's Redis.

Rspamd has read each message before Postfix takes it, and publishes what the guard wants to know
(engines/rspamd/rules/content.lua, docs/decisions/0037). Nobody waits for us: while Redis or the
guard is away mail goes on, and what was told meanwhile is not heard again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
from msgspec import Meta
from redis.asyncio import Redis

from mailstead.mailplane.engines.rspamd.render import CONTENT_CHANNEL
from mailstead.mailplane.guard.acts import Content
from mailstead.mailplane.guard.reach import ANSWER, Reach, once

LONGEST = 4096
"""Octets of what is told of one message."""
LOOK = 60.0
"""Seconds of silence after which it is asked whether it is still there."""
MOST_SCORE = 1000.0

_Number = Annotated[str, Meta(pattern=r"\A([0-9a-f]{16})?\Z")]

log = structlog.get_logger("guard")


class _Told(msgspec.Struct, frozen=True):
    """As Rspamd tells it; fields that a later version adds are left out."""

    user: Annotated[str, Meta(max_length=400)]
    """The SMTP log-in, `address/credential`."""
    queue: Annotated[str, Meta(pattern=r"\A[0-9A-Za-z]{1,24}\Z")]
    author: Annotated[str, Meta(max_length=320)]
    foreign: bool
    subject: _Number
    text: _Number
    score: float
    spam: bool
    symbols: Annotated[str, Meta(max_length=400)] = ""


_DECODE = msgspec.json.Decoder(_Told)


def read(raw: bytes, at: float) -> Content:
    """What was told at `at`; raises `ValueError` where it is nothing of the kind."""
    if len(raw) > LONGEST:
        raise ValueError(f"{len(raw)} octets about one message")
    told = _DECODE.decode(raw)
    mailbox, _, credential = told.user.lower().rpartition("/")
    if "@" not in mailbox or not credential:
        raise ValueError("no log-in of ours")
    return Content(
        at=at,
        mailbox=mailbox,
        instance=told.queue,
        author=told.author,
        subject=_number(told.subject),
        body=_number(told.text),
        score=max(-MOST_SCORE, min(told.score, MOST_SCORE)),
        spam=told.spam,
        foreign=told.foreign,
        why=told.symbols,
    )


def _number(digits: str) -> int:
    return int(digits, 16) if digits else 0


class Ear:
    """Hears what Rspamd tells; one for the life of the guard."""

    def __init__(
        self, socket: Path, learn: Callable[[Iterable[Content]], None], now: Callable[[], float]
    ) -> None:
        self._socket = socket
        self._learn = learn
        self._now = now
        self._reach = Reach("content filter")
        self._odd = False
        """Something has come that is none of this; told once."""

    async def run(self) -> None:
        """Listen until cancelled."""
        await self._reach.keep(self._hear)

    async def _hear(self) -> None:
        async with (
            Redis(
                unix_socket_path=str(self._socket),
                socket_connect_timeout=ANSWER,
                socket_timeout=ANSWER,
                retry=once(),
            ) as redis,
            redis.pubsub(ignore_subscribe_messages=True) as channel,
        ):
            await channel.subscribe(CONTENT_CHANNEL)
            self._reach.arrived()
            while True:
                message = await channel.get_message(timeout=LOOK)
                if message is None:
                    # A connection that is dead in silence would be one for ever.
                    await channel.ping()
                elif message["type"] == "message":
                    self._take(message["data"])

    def _take(self, raw: bytes) -> None:
        """Learn from one message; whatever is in it must not end the hearing."""
        try:
            self._learn([read(raw, self._now())])
        except ValueError as error:
            if not self._odd:
                log.error("content not understood", words=str(error))
            self._odd = True
        except Exception:
            log.exception("cannot learn from content")
