"""The desk of returns: which are wanted, which run, and what the control plane hears of them.

A thread of the agent. Each return that runs is a process of its own (`__main__`), so many at once;
what is wanted is read in the node's directory. Nothing is kept in memory that a restart would miss.
"""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from mailstead.home import Home
from mailstead.mailplane.directory.reader import Reader
from mailstead.mailplane.node import child
from mailstead.mailplane.node.bringback.book import BringBackBook
from mailstead.mailplane.node.bringback.keep import path_of
from mailstead.mailplane.node.copies.sources import AskSource, Sources
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import BringBackPut
from mailstead.wire.events import AnyEvent, BringBackSeen
from mailstead.wire.moves import BringBackState

LOOK_EVERY = 1.0
TELL_EVERY = 3.0
"""Seconds between two events about a return that goes on."""
AT_ONCE = 2
PATIENCE = 20.0
"""Seconds in which a return that was told to stop has to."""

log = structlog.get_logger("returns")


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How far a return is, as its process writes it into the book."""

    round: int
    state: BringBackState
    arrived: int = 0
    saved: int = 0
    returned: int = 0
    failed: int = 0
    kept: int = 0
    kept_octets: int = 0
    seconds: float = 0.0
    words: str = ""


def book_path(home: Home) -> Path:
    """Where the node remembers its returns."""
    return home.event_spool.parent / "returns.db"


def lock_path(home: Home, job: int) -> Path:
    """A file that the process of a return holds: there is at most one."""
    return home.event_spool.parent / f"return-{job}.lock"


@dataclass
class _Running:
    process: subprocess.Popen[bytes]
    round: int
    told: float = 0.0
    """When it was told to stop; 0: it was not."""


class BringBackDesk:
    """See the module; `source` asks the control plane for the source of a copy with its password
    (raises `Away`, `Refusal`)."""

    def __init__(self, home: Home, source: AskSource | None = None) -> None:
        self._home = home
        self._sources = Sources(source)
        self._reader = Reader(home.directory_database)
        self._running: dict[int, _Running] = {}
        self._said: dict[int, tuple[float, Status]] = {}
        self._untold: dict[int, str] = {}

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop; then every return stops too, and goes on at the next start."""
        home = self._home
        with (
            closing(BringBackBook(book_path(home))) as book,
            closing(EventSpool(home.event_spool)) as spool,
        ):
            while not stopping.wait(LOOK_EVERY):
                try:
                    spool.add(self.once(book, time.monotonic()))
                    self.told(book)
                except (OSError, sqlite3.Error, msgspec.ValidationError):
                    log.exception("cannot look at the returns")
            self.close()

    def told(self, book: BringBackBook) -> None:
        """What the last look returned is safe with whoever tells it."""
        for job, value in self._untold.items():
            book.set_told(job, value)
        self._untold.clear()

    def close(self) -> None:
        """Stop every return."""
        for one in self._running.values():
            self._stop(one, time.monotonic())
        for one in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.process.wait(PATIENCE / 4)
            with contextlib.suppress(ProcessLookupError):
                one.process.kill()
            one.process.wait()
        self._running.clear()

    def once(self, book: BringBackBook, now: float) -> list[AnyEvent]:
        """Look once: end, begin, and tell. Raises `OSError`, `sqlite3.Error`."""
        wanted = self._wanted()
        if wanted is None:
            return []
        for job, one in list(self._running.items()):
            put = wanted.get(job)
            if one.process.poll() is not None:
                del self._running[job]
                self._over(book, job, one)
            elif put is None or put.round != one.round:
                self._stop(one, now)
        for job in book.jobs():
            if job not in wanted and job not in self._running:
                path_of(self._home, job).unlink(missing_ok=True)
                lock_path(self._home, job).unlink(missing_ok=True)
                book.forget(job)
                self._said.pop(job, None)
        for job in sorted(wanted):
            number, state, _, _ = book.job(job)
            put = wanted[job]
            due = number < put.round or (number == put.round and state not in ("done", "failed"))
            if due and job not in self._running and len(self._running) < AT_ONCE:
                self._begin(put)
        return [event for put in wanted.values() for event in self._tell(book, put, now)]

    def _wanted(self) -> dict[int, BringBackPut] | None:
        if not self._home.directory_database.exists():
            return None
        revision = self._reader.rows("SELECT value FROM meta WHERE name = 'revision'", ())
        if not revision or not revision[0][0]:
            return None  # being built anew: nothing is known, which is not "nothing is wanted"
        rows = self._reader.rows("SELECT body FROM thing WHERE kind = 'bring-back'", ())
        puts = [msgspec.json.decode(row[0], type=BringBackPut) for row in rows]
        return {put.job: put for put in puts}

    # Processes

    def _known(self, put: BringBackPut) -> BringBackPut | None:
        """The return with what its run needs to log in; None: it cannot begin now."""
        known = []
        for one in put.sources:
            source = one.source
            if source is not None:
                try:
                    source = self._sources.full(one.copy, source)
                except Refusal:
                    # The log-in is kept no more: every message goes by SMTP.
                    known.append(msgspec.structs.replace(one, source=None))
                    continue
                if source is None:
                    return None
            known.append(msgspec.structs.replace(one, source=source))
        return msgspec.structs.replace(put, sources=tuple(known))

    def _begin(self, put: BringBackPut) -> None:
        known = self._known(put)
        if known is None:
            return
        process = child.begin(
            self._home,
            "mailstead.mailplane.node.bringback",
            log="returns.log",
            stdin=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(codec.encode(known) + b"\n")
        process.stdin.flush()
        self._running[put.job] = _Running(process, put.round)
        log.info("return begins", job=put.job, round=put.round)

    def _stop(self, one: _Running, now: float) -> None:
        if not one.told:
            one.told = now
            with contextlib.suppress(OSError):
                if one.process.stdin:
                    one.process.stdin.close()
            one.process.terminate()
        elif now - one.told > PATIENCE:
            one.process.kill()

    def _over(self, book: BringBackBook, job: int, one: _Running) -> None:
        code = one.process.returncode
        with contextlib.suppress(OSError):
            if one.process.stdin:
                one.process.stdin.close()
        log.info("return ends", job=job, round=one.round, code=code)
        number, state, stored, _ = book.job(job)
        if (number, state) == (one.round, "returning") and not one.told:
            # It was killed, or has a fault: say so instead of beginning again and again.
            words = f"It ended by itself ({code}); <home>/log/returns.log has its last words."
            made = msgspec.structs.replace(
                msgspec.json.decode(stored, type=Status), state="failed", words=words
            )
            book.set_status(job, number, "failed", msgspec.json.encode(made))

    # Words

    def _tell(self, book: BringBackBook, put: BringBackPut, now: float) -> list[AnyEvent]:
        number, _, stored, told = book.job(put.job)
        status = Status(round=put.round, state="waiting")
        if stored and number == put.round:
            status = msgspec.json.decode(stored, type=Status)
        elif stored:
            # The counts of the rounds before hold.
            before = msgspec.json.decode(stored, type=Status)
            status = msgspec.structs.replace(before, round=put.round, state="waiting", words="")
        over = status.state in ("done", "failed")
        mark = f"{status.round} {status.state}"
        last = self._said.get(put.job)
        if last is None and over and told == mark:
            self._said[put.job] = (now, status)
            return []
        if last is not None:
            same = (last[1].round, last[1].state) == (status.round, status.state)
            if last[1] == status or (same and now - last[0] < TELL_EVERY):
                return []
        self._said[put.job] = (now, status)
        if over:
            self._untold[put.job] = mark
        event, at = EventSpool.identity()
        return [BringBackSeen(id=event, at=at, job=put.job, **msgspec.structs.asdict(status))]
