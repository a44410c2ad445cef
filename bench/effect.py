"""How long a committed change takes until SMTP and IMAP clients meet it.

The clock starts when the service's transaction has committed and stops when a client has the
answer. Clients ask all the time, every `EVERY` seconds, each from an address of its own, so that
neither penalties for wrong passwords nor limits per client are in the way.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bench.driver import Command
from bench.host import HostFailed
from bench.load.session import Session, Target, context
from bench.machine import median, percentile
from bench.ours import Driver, Ours
from bench.population import OUTSIDE, PASSWORD, Population
from bench.report import Figure

EVERY = 0.015
LIMIT = 10.0
"""Seconds after which a change counts as lost."""
TARGET = 200.0
"""Milliseconds, 95th percentile."""
_clients = itertools.count(1)

Probe = Callable[[], Awaitable[bool]]


def _source() -> str:
    """A loopback address that no other probe of this run has."""
    number = next(_clients)
    return f"127.{10 + number // 62_500 % 50}.{number // 250 % 250}.{1 + number % 250}"


@dataclass(frozen=True)
class Asked:
    """One probe."""

    sent: float
    answered: float
    yes: bool


@dataclass
class Watch:
    """Asks again and again until told to stop; answers in the order of asking."""

    probe: Probe
    asked: list[Asked] = field(default_factory=list)
    yes: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._ask())

    async def stop(self, *, wait: bool = False) -> None:
        """Ask no more; with `wait` the answers that are still out are waited for."""
        assert self._loop is not None
        self._loop.cancel()
        if not wait:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(self._loop, *self._tasks, return_exceptions=True)

    async def _ask(self) -> None:
        while True:
            task = asyncio.create_task(self._one())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(EVERY)

    async def _one(self) -> None:
        sent = time.monotonic()
        yes = await self.probe()
        self.asked.append(Asked(sent, time.monotonic(), yes))
        if yes:
            self.yes.set()

    def first_yes(self) -> float:
        """When the first probe that saw the change had its answer."""
        return min(asked.answered for asked in self.asked if asked.yes)


@dataclass(frozen=True)
class Clients:
    """The probes: each a client as the change's owner or sender would use it."""

    host: Ours
    tls: ssl.SSLContext

    def rcpt(self, address: str, code: bytes) -> Probe:
        """Whether port 25 answers a RCPT for the address with the code."""

        async def ask() -> bool:
            session = Session(Target(self.host.port("smtp")), "", _source())
            try:
                await session.open(self.tls)
                await session.command(f"MAIL FROM:<probe@{OUTSIDE}>".encode(), b"250")
                return (await session.ask(f"RCPT TO:<{address}>".encode())).startswith(code)
            finally:
                session.close()

        return ask

    def login(self, address: str, password: str, *, works: bool) -> Probe:
        """Whether IMAP over TLS takes (or, `works` False, refuses) the log-in."""

        async def ask() -> bool:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1",
                self.host.port("imaps"),
                ssl=self.tls,
                local_addr=(_source(), 0),
            )
            try:
                await reader.readline()
                writer.write(f"a LOGIN {address} {password}\r\n".encode())
                while not (line := await reader.readline()).startswith(b"a "):
                    if not line:
                        raise HostFailed("IMAP closed the connection during a log-in.")
                return line.startswith(b"a OK") is works
            finally:
                writer.close()

        return ask


Times = dict[str, list[float]]
"""Milliseconds by what was seen."""


async def _until(watch: Watch, since: float) -> float:
    """Milliseconds from `since` to the first client that met the change."""
    try:
        async with asyncio.timeout(LIMIT):
            await watch.yes.wait()
    except TimeoutError as error:
        raise HostFailed(f"A committed change had no effect within {LIMIT:.0f} s.") from error
    return (watch.first_yes() - since) * 1000


async def _commit(driver: Driver, command: Command) -> float:
    return (await asyncio.to_thread(driver.do, command)).at


async def _new_mailbox(clients: Clients, driver: Driver, address: str, times: Times) -> None:
    rcpt = Watch(clients.rcpt(address, b"250"))
    login = Watch(clients.login(address, PASSWORD, works=True))
    for watch in (rcpt, login):
        watch.start()
    try:
        at = await _commit(driver, Command(do="create", address=address))
        times["new mailbox: RCPT accepted"].append(await _until(rcpt, at))
        times["new mailbox: IMAP log-in"].append(await _until(login, at))
    finally:
        for watch in (rcpt, login):
            await watch.stop()


async def _suspension(clients: Clients, driver: Driver, address: str, times: Times) -> None:
    rcpt = Watch(clients.rcpt(address, b"550"))
    rcpt.start()
    try:
        at = await _commit(driver, Command(do="suspend", address=address))
        times["receiving suspended: RCPT refused"].append(await _until(rcpt, at))
    finally:
        await rcpt.stop()


async def _new_password(clients: Clients, driver: Driver, address: str, times: Times) -> None:
    password = f"changed-{time.monotonic_ns()}"
    fresh = Watch(clients.login(address, password, works=True))
    stale = Watch(clients.login(address, PASSWORD, works=False))
    session = Session(Target(clients.host.port("submission"), PASSWORD), address, _source())
    try:
        await session.open(clients.tls)
        await session.command(f"MAIL FROM:<{address}>".encode(), b"250")
        for watch in (fresh, stale):
            watch.start()
        ended = asyncio.create_task(_end_of(session, address))
        at = await _commit(driver, Command(do="password", address=address, password=password))
        times["password changed: new one logs in (IMAP)"].append(await _until(fresh, at))
        async with asyncio.timeout(LIMIT):
            times["password changed: open submission session ended"].append(
                ((await ended) - at) * 1000
            )
        await fresh.stop()
        # A refusal is told two seconds late (auth_failure_delay): ask a little longer, then wait.
        await asyncio.sleep(0.3)
        await stale.stop(wait=True)
        times["password changed: old one refused (IMAP)"].append((_refused(stale) - at) * 1000)
    finally:
        for watch in (fresh, stale):
            await watch.stop()
        session.close()


async def _end_of(session: Session, address: str) -> float:
    """When a RCPT of the open session is answered with 421."""
    line = f"RCPT TO:<{address}>".encode()
    for _ in range(int(LIMIT / EVERY)):
        if (await session.ask(line)).startswith(b"421"):
            return time.monotonic()
        await asyncio.sleep(EVERY)
    raise HostFailed("A session opened with the old password may still send.")


def _refused(watch: Watch) -> float:
    """When the old password stopped working.

    The answer itself is delayed on purpose, so the moment is the sending of the first probe after
    which none succeeded, plus what a successful log-in takes.
    """
    asked = sorted(watch.asked, key=lambda one: one.sent)
    works = [one for one in asked if not one.yes]
    last = max((one.sent for one in works), default=0.0)
    refused = [one.sent for one in asked if one.yes and one.sent > last]
    if not refused:
        raise HostFailed("The old password still works half a second after the new one does.")
    return min(refused) + (median([one.answered - one.sent for one in works]) if works else 0)


async def _trials(clients: Clients, driver: Driver, population: Population, count: int) -> Times:
    times: Times = defaultdict(list)
    step = max(1, population.mailboxes // (count + 1))
    for number in range(count):
        old = population.address(number * step)
        new = f"probe{number}@{population.domain(number % population.domains)}"
        await _new_mailbox(clients, driver, new, times)
        await _new_password(clients, driver, old, times)
        await _suspension(clients, driver, new, times)
    return times


def measure(host: Ours, driver: Driver, population: Population, count: int) -> list[Figure]:
    """`count` trials of each change; raises `HostFailed` when one never shows."""
    times = asyncio.run(_trials(Clients(host, context()), driver, population, count))
    figures = []
    for what, values in times.items():
        detail: dict[str, object] = {"milliseconds": [round(value, 1) for value in values]}
        figures += [
            Figure("effect", f"{what}, p50", percentile(values, 0.5), "ms"),
            Figure(
                "effect",
                f"{what}, p95",
                percentile(values, 0.95),
                "ms",
                at_most=TARGET,
                detail=detail,
            ),
        ]
    return figures
