"""What the guards of a fleet tell each other, by a Redis that all of them reach.

A thief goes from node to node with the same clients and the same text. Each guard tells of thefts
that somebody has confirmed, and of mailboxes that send from a network that is new to them; it takes
what others tell into its `Crowd`, as if it had seen it itself. It tells, too, of clients that it
keeps out because they try passwords at many mailboxes, and of those that were let in again. Each
decides alone, by what it knows: while Redis is away nothing is waited for, and what was told
meanwhile is read when it is back.

Told are numbers of texts, network addresses, and for mailboxes and domains names that mean nothing
elsewhere (keyed hashes, with a key that stays on the node). What comes is believed as far as it is
well formed and of these days; it weighs only beside what the node sees itself.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import msgspec
import structlog
from msgspec import Meta
from redis.asyncio import Redis

from mailstead.home import Home
from mailstead.mailplane.guard import meeting
from mailstead.mailplane.guard.crowd import BURST, WINDOW, Crowd
from mailstead.mailplane.guard.logins.detector import LoginDetector
from mailstead.mailplane.guard.logins.limits import DAY
from mailstead.mailplane.guard.meeting import Meeting
from mailstead.mailplane.guard.reach import ANSWER, Reach, end, once
from mailstead.standards.client import client as client_at

THEFTS, SEEN = "mailstead:guard:thefts", "mailstead:guard:seen"
BLOCKS = "mailstead:guard:blocks"
"""The streams, and how many entries they keep, about."""
MOST = {THEFTS: 1_000, SEEN: 20_000, BLOCKS: 5_000}
LONGEST = 32_768
"""Octets of an entry."""
MOST_WAITING = 1_000
"""Entries that are kept until Redis can be reached, of each stream; the oldest go."""
AT_ONCE = 50
"""Entries that are taken in between two answers to Postfix."""
LOOK = 20.0
"""Seconds in which Redis is heard of, if only that there is nothing new."""
BLOCK = DAY
"""Seconds that no block of a client outlasts."""
AHEAD = 120.0
"""Seconds by which another node's clock may be ahead."""

_Number = Annotated[str, Meta(pattern=r"\A[0-9a-f]{16}\Z")]
_Client = Annotated[str, Meta(min_length=2, max_length=45)]
_Node = Annotated[str, Meta(min_length=1, max_length=63)]

log = structlog.get_logger("guard")


class Theft(msgspec.Struct, frozen=True, tag="theft"):
    """A mailbox was stolen: texts and clients of the thief."""

    node: _Node
    at: float
    texts: Annotated[tuple[_Number, ...], Meta(max_length=64)]
    clients: Annotated[tuple[_Client, ...], Meta(max_length=500)]


class Used(msgspec.Struct, frozen=True, tag="used"):
    """A mailbox sends by a client that is new to it."""

    node: _Node
    at: float
    mailbox: _Number
    client: _Client


class Wrote(msgspec.Struct, frozen=True, tag="text"):
    """A mailbox sends a text from a network that is new to it."""

    node: _Node
    at: float
    mailbox: _Number
    owner: _Number
    text: _Number


class Barred(msgspec.Struct, frozen=True, tag="barred"):
    """A client may not log in at accounts that it does not know, because it tries many."""

    node: _Node
    at: float
    until: float
    client: _Client


class Lifted(msgspec.Struct, frozen=True, tag="lifted"):
    """Somebody has let a client in again."""

    node: _Node
    at: float
    client: _Client


Told = Theft | Used | Wrote | Barred | Lifted
_DECODE = msgspec.json.Decoder(Told)


def read(raw: bytes, now: float) -> Told | None:
    """An entry; None: it is too old or ahead of time. Raises `ValueError`: it is none of these."""
    if len(raw) > LONGEST:
        raise ValueError(f"{len(raw)} octets in one entry")
    told = _DECODE.decode(raw)
    if isinstance(told, Barred | Lifted):
        found = client_at(told.client.partition("/")[0])
        if found is None or found.key != told.client:
            raise ValueError("not a client")
        return told if now - BLOCK < told.at <= now + AHEAD else None
    clients = told.clients if isinstance(told, Theft) else ()
    for client in (told.client,) if isinstance(told, Used) else clients:
        ip_address(client)
    keep = BURST if isinstance(told, Theft) else WINDOW
    return told if now - keep < told.at <= now + AHEAD else None


class Sharing:
    """One guard's part; used by one thread, the guard's."""

    def __init__(
        self,
        place: Meeting,
        key: bytes,
        crowd: Crowd,
        now: Callable[[], float],
        logins: LoginDetector | None = None,
    ) -> None:
        self._meeting, self._key = place, key
        self._crowd, self._logins, self._now = crowd, logins, now
        self._waiting: dict[str, deque[bytes]] = {name: deque(maxlen=MOST_WAITING) for name in MOST}
        self._something = asyncio.Event()
        self._read = {
            THEFTS: f"{int((now() - BURST) * 1000)}-0",
            SEEN: f"{int((now() - WINDOW) * 1000)}-0",
            BLOCKS: f"{int((now() - BLOCK) * 1000)}-0",
        }
        """Number of the last entry that was taken; at first, one of a time that matters no more."""
        self._odd = False
        self._reach = Reach("fleet")
        crowd.listener = self
        if logins is not None:
            logins.listener = self

    @classmethod
    def of(
        cls,
        home: Home,
        crowd: Crowd,
        now: Callable[[], float],
        logins: LoginDetector | None = None,
    ) -> Sharing:
        """As the node's launcher says; raises `OSError`, `msgspec.MsgspecError`."""
        key = _key(home.guard_sharing.with_suffix(".key"))
        return cls(meeting.read(home.guard_sharing), key, crowd, now, logins)

    # What is told

    def stolen(self, at: float, bodies: Sequence[int], clients: Sequence[str]) -> None:
        """As `crowd.Listener`, like the next two."""
        texts = tuple(f"{body:016x}" for body in bodies[-64:])
        self._tell(THEFTS, Theft(self._meeting.node, at, texts, tuple(clients[-500:])))

    def used(self, at: float, mailbox: str, client: str) -> None:
        self._tell(SEEN, Used(self._meeting.node, at, self._name(mailbox), client))

    def wrote(self, at: float, mailbox: str, owner: str, body: int) -> None:
        names = self._name(mailbox), self._name(owner)
        self._tell(SEEN, Wrote(self._meeting.node, at, *names, f"{body:016x}"))

    def barred(self, client: str, since: float, until: float) -> None:
        """As `logins.detector.Listener`, like the next one."""
        self._tell(BLOCKS, Barred(self._meeting.node, since, until, client))

    def lifted(self, client: str, at: float) -> None:
        self._tell(BLOCKS, Lifted(self._meeting.node, at, client))

    def _name(self, text: str) -> str:
        return blake2b(text.encode("utf-8", "replace"), key=self._key, digest_size=8).hexdigest()

    def _tell(self, stream: str, told: Told) -> None:
        self._waiting[stream].append(msgspec.json.encode(told))
        self._something.set()

    # The way

    async def run(self) -> None:
        """Tell and hear until cancelled."""
        await self._reach.keep(self._meet)

    async def _meet(self) -> None:
        async with Redis.from_url(
            self._meeting.url,
            socket_connect_timeout=ANSWER,
            # A read waits for what is new.
            socket_timeout=LOOK + ANSWER,
            retry=once(),
        ) as redis:
            await redis.ping()
            self._reach.arrived()
            telling = asyncio.create_task(self._send(redis))
            hearing = asyncio.create_task(self._hear(redis))
            for task in (telling, hearing):
                # Both may fail for one reason, of which the log tells once.
                task.add_done_callback(lambda done: done.cancelled() or done.exception())
            try:
                ended, _ = await asyncio.wait(
                    (telling, hearing), return_when=asyncio.FIRST_COMPLETED
                )
                for task in ended:
                    task.result()
            finally:
                await end(telling, hearing)

    async def _send(self, redis: Redis) -> None:
        while True:
            # First: what comes while this tells is told in the next turn.
            self._something.clear()
            for stream, waiting in self._waiting.items():
                while waiting:
                    entry, told = waiting.popleft(), False
                    try:
                        await _add(redis, stream, entry)
                        told = True
                    finally:
                        if not told:
                            # Twice where the answer was lost: that harms nobody.
                            waiting.appendleft(entry)
            await self._something.wait()

    async def _hear(self, redis: Redis) -> None:
        while True:
            streams: dict[Any, Any] = dict(self._read)
            # A list of streams with their entries, all of octets: the library types all it can say.
            found: Any = await redis.xread(streams, count=AT_ONCE, block=int(LOOK * 1000))
            for stream, entries in found or ():
                for number, fields in entries:
                    self._take(fields)
                    self._read[stream.decode()] = number.decode()
            # Postfix waits for answers meanwhile.
            await asyncio.sleep(0)

    # What is heard

    def _take(self, fields: dict[bytes, bytes]) -> None:
        try:
            told = read(fields.get(b"d", b""), self._now())
        except ValueError as error:
            if not self._odd:
                log.error("an entry of the fleet is not understood", words=str(error))
            self._odd = True
            return
        if told is None or told.node == self._meeting.node:
            return
        if isinstance(told, Barred | Lifted):
            self._follow(told)
            return
        crowd = self._crowd
        if isinstance(told, Theft):
            crowd.recognise(told.at, [int(text, 16) for text in told.texts], told.clients)
        elif isinstance(told, Used):
            crowd.met(told.client, f"{told.node}/{told.mailbox}", told.at)
        else:
            owner = f"{told.node}/{told.owner}"
            crowd.wrote(f"{told.node}/{told.mailbox}", owner, int(told.text, 16), told.at)

    def _follow(self, told: Barred | Lifted) -> None:
        if self._logins is None:
            return
        if isinstance(told, Lifted):
            self._logins.hear_lift(told.client, told.at)
        elif told.until > self._now():
            self._logins.hear_ban(told.client, told.at, told.until)


async def _add(redis: Redis, stream: str, entry: bytes) -> None:
    fields: dict[Any, Any] = {"d": entry}
    await redis.xadd(stream, fields, maxlen=MOST[stream], approximate=True)


def _key(path: Path) -> bytes:
    """The node's own key for names, made once."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        key = secrets.token_bytes(32)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(key)
        return key
