"""The guard's sockets: Postfix's policy requests in, answers out, on a unix socket.

Purpose: one process per node; says for each message of our own users whether it may go on.
Protocol: Postfix's policy delegation (standards/policy.py). Every smtpd(8) of the submission ports
    keeps a connection open, mostly idle: a thousand of them are usual.
Files: `<home>/run/guard/guard.sock`; `<home>/guard/guard.db` (counters, one writer: this process);
    `<home>/guard/profiles.db` (what the detector has learned), `<home>/guard/cases.db` (mailboxes
    that look stolen), `<home>/guard/logins.db` (logins/memory.py) and `<home>/guard/learn.sock`,
    where the agent tells what the logs say; `<home>/run/redis/redis.sock`, where Rspamd tells what
    is in mail (guard/content.py); reads `<home>/directory/directory.db`.
Security: runs as the user `mailguard`; only Postfix's group may come to the socket. What a client
    has sent stands in the requests: it is compared and counted, never run and never logged raw.
Diagnostics: JSON lines on standard error: each refusal with its code, each trouble. On trouble of
    our own there is no answer: the connection is closed, Postfix asks once more and then tells the
    client to come again (451). A wrong answer would be worse than none.
Known limits: counters are this node's own; a customer with mailboxes on two nodes has the limit on
    each of them (docs/decisions/0025).
Log-ins: Dovecot asks at a port of loopback (logins/door.py).
Settings: where the home is, and where the links in its replies lead (`web.hostnames`).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from mailstead.mailplane.guard import chain, learning, session
from mailstead.mailplane.guard.database import settle
from mailstead.mailplane.guard.desk import Desk
from mailstead.mailplane.guard.logins.desk import LoginDesk
from mailstead.mailplane.guard.logins.door import LoginDoor
from mailstead.mailplane.guard.logins.door import listen as listen_for_dovecot
from mailstead.mailplane.guard.observer import Observer
from mailstead.mailplane.guard.reach import end
from mailstead.mailplane.guard.rules import stolen
from mailstead.mailplane.guard.tally import Tally
from mailstead.standards.policy import PolicyError, Requests

BACKLOG = 4096
"""Connections that may wait: all of Postfix's processes come at once when the guard restarts."""
UPKEEP_SECONDS = 60.0
KEEP_SECONDS = 1.0
"""What a kill may cost of what the detector has learned."""
SETTLE_SECONDS = 10.0
"""What a power cut may cost: so often the disk is waited for, by nobody who is to be answered."""

log = structlog.get_logger("guard")


class _Peer(asyncio.Protocol):
    """One who is connected."""

    _transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport


class _Connection(_Peer):
    """One connection of an smtpd(8)."""

    def __init__(self, desk: Desk, observer: Observer | None, tally: Tally) -> None:
        self._desk = desk
        self._observer = observer
        self._tally = tally
        self._requests = Requests()

    def data_received(self, data: bytes) -> None:
        try:
            for request in self._requests.feed(data):
                began = time.perf_counter()
                decision = self._decide(session.read(request))
                self._transport.write(session.answer(decision))
                self._tally.answered(decision, time.perf_counter() - began)
        except PolicyError as error:
            log.error("not a request", words=str(error))
            self._transport.abort()
        except Exception:
            # Whatever it was, an answer would be a guess.
            log.exception("cannot judge")
            self._transport.abort()

    def _decide(self, sighting: session.Sighting) -> session.Decision | None:
        decision = chain.judge(sighting, self._desk)
        if decision is not None:
            log.info(
                "refused",
                code=decision.code,
                mailbox=sighting.mailbox,
                recipients=sighting.recipients,
                client=sighting.client,
            )
        elif self._observer is not None:
            decision = _observe(self._observer, sighting, self._desk)
        return decision


def _observe(observer: Observer, sighting: session.Sighting, desk: Desk) -> session.Decision | None:
    """What the detector demands.

    Raises `sqlite3.Error` where it cannot be kept: what nobody would know of must not be held.
    Whatever else befalls it must not stop mail.
    """
    try:
        if sighting.stage == "RCPT":
            observer.recipient(sighting)
        elif sighting.stage == "DATA":
            step = observer.message(sighting)
            decision = stolen.answer(step, sighting.mailbox, desk)
            if decision is not None:
                log.info(step, mailbox=sighting.mailbox, client=sighting.client)
            return decision
    except Exception as error:
        if observer.holding and isinstance(error, sqlite3.Error):
            raise
        log.exception("cannot watch")
    return None


class _Teacher(_Peer):
    """A connection of the agent, which tells what the logs say."""

    def __init__(self, observer: Observer, logins: LoginDesk | None) -> None:
        self._observer = observer
        self._logins = logins
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            for text in lines:
                self._learn(learning.read(text))
                # The agent sends the next ones when these are taken.
                self._transport.write(b"\n")
            if len(self._rest) > learning.LONGEST:
                raise ValueError("a line without an end")
        except (ValueError, sqlite3.Error) as error:
            log.error("cannot learn", words=str(error))
            self._transport.abort()

    def _learn(self, acts: list[learning.Learned]) -> None:
        self._observer.learn(acts)
        for act in acts:
            if isinstance(act, learning.Gone) and self._logins is not None:
                self._logins.forget(act.mailbox)


def listen(path: Path, mode: int = 0o666) -> socket.socket:
    """The socket, by default whoever may enter its directory may use it; an old one is replaced."""
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.bind(str(path))
    path.chmod(mode)
    door.listen(BACKLOG)
    door.setblocking(False)
    return door


async def _beside(run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Whatever befalls it must not stop mail, nor be lost in silence."""
    try:
        await run()
    except Exception:
        log.exception("ended")


async def serve(
    desk: Desk,
    door: socket.socket,
    observer: Observer | None = None,
    school: socket.socket | None = None,
    beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    logins: LoginDesk | None = None,
    login_port: int = 0,
    tally: Tally | None = None,
) -> None:
    """Answer until SIGTERM or SIGINT.

    With an `observer`, watch, and learn at its own socket; with `logins`, answer Dovecot too. What
    runs `beside` it until then must not block, and keeps its own troubles to itself.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    counted = tally or Tally()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_unix_server(
        lambda: _Connection(desk, observer, counted), sock=door, backlog=BACKLOG
    )
    if observer is not None and school is not None:
        await loop.create_unix_server(partial(_Teacher, observer, logins), sock=school)
    if logins is not None:
        await _open_login_door(logins, login_port)
    tasks = [asyncio.create_task(_beside(run)) for run in beside]
    log.info("listening")
    prune_at = loop.time() + UPKEEP_SECONDS
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), KEEP_SECONDS)
        try:
            desk.store.fold()
            desk.store.count(counted.counts)
            counted.clear()
            if observer is not None:
                for _ in observer.keep_by_parts():
                    # Whoever has asked meanwhile is answered first.
                    await asyncio.sleep(0)
            if logins is not None:
                logins.keep()
                logins.follow()
            if loop.time() >= prune_at:
                prune_at = loop.time() + UPKEEP_SECONDS
                desk.store.prune(desk.now())
                if observer is not None:
                    observer.prune()
                if logins is not None:
                    logins.prune()
        except sqlite3.Error:
            log.exception("cannot keep or prune")
    await end(*tasks)
    server.close()
    # What was judged while the last parts were written.
    try:
        desk.store.fold()
        desk.store.count(counted.counts)
        if observer is not None:
            observer.keep()
    except sqlite3.Error:
        log.exception("cannot keep")


async def _open_login_door(desk: LoginDesk, port: int) -> None:
    """Mail must not wait for it: without the port Dovecot lets every log-in go on."""
    try:
        door = listen_for_dovecot(port)
    except OSError as error:
        log.error("cannot listen for log-ins", port=port, words=str(error))
        return
    await asyncio.get_running_loop().create_server(LoginDoor(desk), sock=door)


async def settle_files(files: Sequence[Path]) -> None:
    """Now and then put what was written into the files themselves, until it is cancelled."""
    while True:
        await asyncio.sleep(SETTLE_SECONDS)
        for path in files:
            try:
                await asyncio.to_thread(settle, path)
                # What came meanwhile is little; without it the log of a busy file would only grow.
                settle(path)
            except sqlite3.Error:
                log.exception("cannot settle", file=path.name)
