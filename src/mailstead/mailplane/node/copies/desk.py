"""The desk of copies: which are wanted, which run, and what the control plane hears of them.

A thread of the agent. Each copy that runs has a process of its own (`runner`), at most so many at
once as the control plane says; what is wanted is read in the node's directory. Nothing is kept in
memory that a restart would miss: a copy that was running when the agent was killed goes on, and
what the control plane has not heard of a finished one is said again.

A password for the source is in none of its files: it is asked for when a run begins, and goes to
the run's process by standard input. While the control plane is away, such copies wait.
"""

from __future__ import annotations

import contextlib
import select
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass

import msgspec
import structlog

from mailstead.home import Home
from mailstead.mailplane.directory.reader import Reader
from mailstead.mailplane.node.copies.book import Book, Status, book_path
from mailstead.mailplane.node.copies.round import MARK
from mailstead.mailplane.node.copies.runner import KEPT, PATIENCE, Runner
from mailstead.mailplane.node.copies.sources import AskSource, Sources
from mailstead.mailplane.node.copies.work import Counted
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import CopyPacePut, CopyPut
from mailstead.wire.events import AnyEvent, CopyCounted, CopySeen

LOOK_EVERY = 1.0
TELL_EVERY = 3.0
"""Seconds between two events about a copy that goes on."""
AT_ONCE = 2
"""Copies at once, where the control plane has said nothing."""
URGENT_AT_ONCE = 8
"""And while mail waits for some: what they do most is to wait for the other node's answers."""
LOOK_GAP = 0.1
"""Seconds between two looks at least, however many copies end."""

log = structlog.get_logger("copies")


@dataclass
class _Running:
    runner: Runner
    round: int
    rate: int = -1
    told: float = 0.0
    """When it was told to stop; 0: it was not."""


class CopyDesk:
    """See the module; `changed` hears of mailboxes that a copy has filled, `source` asks the
    control plane for the source of a job with its password (raises `Away`, `Refusal`)."""

    def __init__(
        self,
        home: Home,
        changed: Callable[[Iterable[str]], None] | None = None,
        source: AskSource | None = None,
    ) -> None:
        self._home = home
        self._changed = changed
        self._sources = Sources(source)
        self._reader = Reader(home.directory_database)
        self._running: dict[int, _Running] = {}
        self._idle: list[Runner] = []
        self._said: dict[int, tuple[float, Status]] = {}
        self._untold: dict[int, bytes] = {}

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop; then every copy stops too, and goes on at the next start."""
        home = self._home
        with closing(Book(book_path(home))) as book, closing(EventSpool(home.event_spool)) as spool:
            while not self._pause(stopping):
                try:
                    spool.add(self.once(book, time.monotonic()))
                    self.told(book)
                except (OSError, sqlite3.Error, msgspec.ValidationError):
                    log.exception("cannot look at the copies")
            self.close()

    def told(self, book: Book) -> None:
        """What the last look returned is safe with whoever tells it."""
        for job, value in self._untold.items():
            book.set_value(job, "told", value)
        self._untold.clear()

    def _pause(self, stopping: threading.Event) -> bool:
        """Wait until it is time to look again, or a copy has ended; whether to stop."""
        if self._running and not stopping.wait(LOOK_GAP):
            select.select(
                [one.runner.answers for one in self._running.values()], [], [], LOOK_EVERY
            )
            return stopping.is_set()
        return stopping.wait(LOOK_EVERY)

    def close(self) -> None:
        """Stop every copy."""
        runners = [*self._idle, *(one.runner for one in self._running.values())]
        for runner in runners:
            runner.end()
        for runner in runners:
            runner.gone(PATIENCE / 4)
        self._running.clear()
        self._idle.clear()

    def once(self, book: Book, now: float) -> list[AnyEvent]:
        """Look once: end, begin, and tell. Raises `OSError`, `sqlite3.Error`."""
        wanted, pace = self._wanted()
        if wanted is None:
            return []
        events: list[AnyEvent] = []
        for job, one in list(self._running.items()):
            put = wanted.get(job)
            if (code := one.runner.over()) is not None:
                del self._running[job]
                self._over(book, job, one, code, now)
            elif put is None or put.paused or put.round != one.round:
                self._stop(one, now)
        due = [put for put in wanted.values() if self._is_due(book, put)]
        usual = max(1, pace.at_once)
        most = max(usual, URGENT_AT_ONCE) if any(put.urgent for put in due) else usual
        # A bound that was lowered: the oldest go on, the others wait for their turn again.
        for job in sorted(self._running)[most:]:
            self._stop(self._running[job], now)
        for job in book.jobs():
            if job not in wanted and job not in self._running:
                self._forget(book, job)
        for put in sorted(due, key=lambda put: (not put.urgent, put.job)):
            room = len(self._running) < (most if put.urgent else usual)
            if put.job not in self._running and room:
                self._begin(put, book)
        self._release(now)
        for job, one in self._running.items():
            self._set_rate(one, wanted.get(job), pace)
        for put in wanted.values():
            events += self._tell(book, put, now)
        return events

    def _wanted(self) -> tuple[dict[int, CopyPut] | None, CopyPacePut]:
        pace = CopyPacePut(at_once=AT_ONCE)
        if not self._home.directory_database.exists():
            return None, pace
        revision = self._reader.rows("SELECT value FROM meta WHERE name = 'revision'", ())
        if not revision or not revision[0][0]:
            return (
                None,
                pace,
            )  # being built anew: nothing is known, which is not "nothing is wanted"
        made = {}
        rows = self._reader.rows(
            "SELECT kind, body FROM thing WHERE kind IN ('copy', 'copy-pace')", ()
        )
        for kind, body in rows:
            if kind == "copy":
                put = msgspec.json.decode(body, type=CopyPut)
                made[put.job] = put
            else:
                pace = msgspec.json.decode(body, type=CopyPacePut)
        return made, pace

    def _is_due(self, book: Book, put: CopyPut) -> bool:
        if put.paused:
            return False
        job = book.job(put.job)
        return job.round < put.round or (
            job.round == put.round and job.state not in ("done", "failed")
        )

    # Processes

    def _begin(self, put: CopyPut, book: Book) -> None:
        rows = self._reader.rows(
            "SELECT 1 FROM thing WHERE kind = 'mailbox' AND key = ?", (put.address,)
        )
        if not rows:
            self._fail(book, put, f"There is no mailbox {put.address} on this node.")
            return
        known = self._known(put, book)
        if known is None:
            return
        runner = next((one for one in self._idle if one.usable), None)
        if runner:
            self._idle.remove(runner)
        else:
            runner = Runner(self._home)
        # One that has died since is found so at the next look.
        runner.begin(known)
        self._running[put.job] = _Running(runner, put.round)
        log.info("copy begins", job=put.job, round=put.round)

    def _known(self, put: CopyPut, book: Book) -> CopyPut | None:
        """The copy with what its run needs to log in; None: it cannot begin now."""
        try:
            source = self._sources.full(put.job, put.source)
        except Refusal as refusal:
            self._fail(book, put, refusal.sentence)
            return None
        return msgspec.structs.replace(put, source=source) if source else None

    def _fail(self, book: Book, put: CopyPut, words: str) -> None:
        status = Status(round=put.round, state="failed", words=words)
        values = {"status": msgspec.json.encode(status), "counted": b""}
        book.finish(put.job, put.round, "failed", words, 0.0, values)

    def _stop(self, one: _Running, now: float) -> None:
        if not one.told:
            one.told = now
            one.runner.stop()
        elif now - one.told > PATIENCE:
            one.runner.kill()

    def _release(self, now: float) -> None:
        """End what has had nothing to do for long."""
        for runner in list(self._idle):
            if not runner.usable or now - runner.since > KEPT:
                self._idle.remove(runner)
                runner.end()
                runner.gone(PATIENCE / 4)

    def _over(self, book: Book, job: int, one: _Running, code: int, now: float) -> None:
        one.runner.since = now
        self._idle.append(one.runner)
        log.info("copy ends", job=job, round=one.round, code=code)
        known = book.job(job)
        if known.state == "copying" and known.round == one.round and not one.told:
            # It was killed, or has a fault: say so instead of beginning again and again.
            words = f"The copy ended by itself ({code}); <home>/log/copies.log has its last words."
            before = book.value(job, "status")
            status = (
                msgspec.json.decode(before, type=Status)
                if before
                else Status(round=one.round, state="failed")
            )
            status = msgspec.structs.replace(
                status, round=one.round, state="failed", words=words, uids_kept=status.uids_kept
            )
            values = {"status": msgspec.json.encode(status), "counted": b""}
            book.finish(job, one.round, "failed", words, known.seconds, values)

    def _set_rate(self, one: _Running, put: CopyPut | None, pace: CopyPacePut) -> None:
        if put is None or one.told:
            return
        bounds = [put.octets_per_second]
        if pace.octets_per_second:
            bounds.append(max(1, pace.octets_per_second // len(self._running)))
        rate = min((bound for bound in bounds if bound), default=0)
        if rate != one.rate:
            one.runner.set_rate(rate)
            one.rate = rate

    def _forget(self, book: Book, job: int) -> None:
        """The copy is not wanted any more; what lies beside the mailbox goes."""
        side = self._home.mail / ".copies" / str(job)
        address = book.value(job, "address").decode()
        if address:
            local, _, domain = address.rpartition("@")
            mark = self._home.mail / domain / local / "Maildir" / MARK
            with contextlib.suppress(OSError):
                if mark.read_text(encoding="ascii") == str(job):
                    mark.unlink()
        if side.exists():
            shutil.rmtree(side)
        book_path(self._home).with_name(f"copy-{job}.lock").unlink(missing_ok=True)
        book.forget(job)
        self._said.pop(job, None)

    # Words

    def _tell(self, book: Book, put: CopyPut, now: float) -> list[AnyEvent]:
        status = self._status(book, put)
        last = self._said.get(put.job)
        if last is None and status.state in ("done", "failed"):
            told = book.value(put.job, "told")
            if told == f"{status.round} {status.state}".encode():
                self._said[put.job] = (now, status)
                return []
        if last is not None:
            same = (last[1].round, last[1].state) == (status.round, status.state)
            if last[1] == status or (same and now - last[0] < TELL_EVERY):
                return []
        self._said[put.job] = (now, status)
        number, at = EventSpool.identity()
        state = (
            status.state if status.state in ("copying", "paused", "done", "failed") else "waiting"
        )
        fields = msgspec.structs.asdict(status) | {"state": state}
        events: list[AnyEvent] = [CopySeen(id=number, at=at, job=put.job, **fields)]
        if status.state == "done":
            events += self._counted(book, put, status.round)
            if self._changed:
                self._changed([put.address])
        if status.state in ("done", "failed"):
            self._untold[put.job] = f"{status.round} {status.state}".encode()
        return events

    def _counted(self, book: Book, put: CopyPut, number: int) -> list[AnyEvent]:
        stored = book.value(put.job, "counted")
        if not stored:
            return []
        found = msgspec.json.decode(stored, type=Counted)
        event, at = EventSpool.identity()
        return [
            CopyCounted(
                id=event, at=at, job=put.job, round=number, source=found.source, target=found.target
            )
        ]

    def _status(self, book: Book, put: CopyPut) -> Status:
        stored = book.value(put.job, "status")
        made = msgspec.json.decode(stored, type=Status) if stored else None
        if made is None or made.round != put.round:
            made = Status(round=put.round, state="waiting")
            if not book.value(put.job, "address"):
                book.set_value(put.job, "address", put.address.encode())
        if put.job in self._running and made.state != "done":
            return msgspec.structs.replace(made, state="copying")
        if made.state in ("done", "failed"):
            return made
        return msgspec.structs.replace(made, state="paused" if put.paused else "waiting")
