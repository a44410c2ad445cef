"""The agent: brings the feed into this node's directory and tells what happened here.

Purpose: one process per node; the only writer of the directory and of the engines' maps.
Protocol: HTTP over the control plane's unix socket (docs/develop/contracts.md): a long poll for
    changes, a snapshot when the directory is empty, damaged or too far behind, events up; another
    long poll for orders (node/orders.py), answers up.
Files: `<home>/directory/directory.db`, `<home>/postfix/maps/`, `<home>/sieve/`, `<home>/dkim/`;
    `<home>/usage/usage.db` (node/usage.py); `<home>/agent/events.db` (events that wait),
    `<home>/agent/breached.json` (node/breached.py), `<home>/agent/listings.json`
    (node/listings.py), `<home>/agent/lock`, `<home>/agent/rebuild` (made by `mailstead
    directory rebuild`: take a snapshot now), `<home>/agent/copies.db` (node/copies/),
    `<home>/agent/returns.db` (node/bringback/); the engines' logs (node/logs.py), the guard's
    counters (node/sending_use.py) and cases (node/kept_mail.py);
    Postfix's queue (node/held_mail.py);
    `<home>/run/rehash/door.sock` (node/rehash.py).
Security: runs as root, because it writes as several users; it believes the control plane's socket,
    whose directory only root and the control plane's user can enter. Dovecot hands it passwords
    whose hash is of another scheme than the house's.
Diagnostics: JSON lines on standard error. A revision that cannot be applied is told to the control
    plane (`ApplyFailed`) and tried again, with pauses that grow up to five seconds. On SIGUSR1 each
    thread writes where it stands.
Known limits: while the control plane is away the directory answers as of its last revision.
Settings: `server`, and where the home is.
"""

from __future__ import annotations

import argparse
import datetime as dt
import faulthandler
import fcntl
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType

import structlog

from mailstead.config import load
from mailstead.home import Home
from mailstead.mailplane.directory.apply import Directory
from mailstead.mailplane.directory.rebuild import rebuild
from mailstead.mailplane.engines.dovecot.control import Doveadm
from mailstead.mailplane.engines.knot.control import ZoneFiles
from mailstead.mailplane.engines.postfix.control import Postmap
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.engines.rspamd.control import DkimFiles
from mailstead.mailplane.node.away import Away
from mailstead.mailplane.node.blocks import BlockBook
from mailstead.mailplane.node.breached import BreachedBook
from mailstead.mailplane.node.bringback.desk import BringBackDesk
from mailstead.mailplane.node.certificates.keeper import Keeper
from mailstead.mailplane.node.copies.desk import CopyDesk
from mailstead.mailplane.node.counts import Pulse
from mailstead.mailplane.node.deliveries import DeliveryBook
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.feed_client import FeedClient
from mailstead.mailplane.node.guard_feed import GuardFeed
from mailstead.mailplane.node.held_mail import HeldMail
from mailstead.mailplane.node.kept_mail import KeptMail
from mailstead.mailplane.node.listings import ListingWatch
from mailstead.mailplane.node.maps import NodeMaps
from mailstead.mailplane.node.orders import Orders
from mailstead.mailplane.node.peer_door import PeerDoor
from mailstead.mailplane.node.redirects import Redirects
from mailstead.mailplane.node.rehash import Rehasher
from mailstead.mailplane.node.report_box import ReportBox
from mailstead.mailplane.node.room import Room
from mailstead.mailplane.node.sending import AddressBook, follow
from mailstead.mailplane.node.sending_use import SendingBook
from mailstead.mailplane.node.sign_ins import SignInBook
from mailstead.mailplane.node.upkeep import Upkeep
from mailstead.mailplane.node.usage import UsageBook
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import MailboxGone, MailboxPut
from mailstead.wire.events import Applied, ApplyFailed, StoreGone, UsageSeen

LONGEST_PAUSE = 5.0
"""Seconds. Somebody waits for changes and answers, and to ask over a unix socket costs nothing."""
SLOW = 5.0
"""Seconds for one page of changes, after which the log tells of it."""
REPORT_EVERY = 2.0
"""Seconds between two looks at usage and the spool."""
TELL_USAGE_EVERY = 10.0
"""Seconds in which the control plane hears of a mailbox's usage once, however often it changes."""
TELL_PULSE_EVERY = 60.0
"""Seconds between two samples of the node (node/counts.py)."""
BATCHES_AT_ONCE = 40
"""Batches of events that are handed in between two looks."""
TELL_AT_ONCE = 5_000
"""Mailboxes of which it hears in that time."""

log = structlog.get_logger("agent")


class Agent:
    """One node's agent."""

    def __init__(self, root: Path) -> None:
        settings = load(root)
        self.home = Home(root)
        self.feed = FeedClient(self.home.web_socket, settings.server)
        self._server = settings.server
        self.stopping = threading.Event()
        self.directory = self._open_directory()
        self.usage = UsageBook(self.home)
        self.sign_ins = SignInBook(self.home)
        self.breached = BreachedBook(self.home)
        self.sending = SendingBook(self.home)
        self.blocks = BlockBook(self.home)
        self.room = Room(self.home, Postmap(self.home), settings.storage.message_limit)
        self.upkeep = Upkeep(settings, root)
        self.listings = ListingWatch(settings, self.home)
        self.reports = ReportBox(settings, self.home)
        self.certificates = Keeper(settings, self.home)
        self.guard = GuardFeed(self.home, wanted=settings.guard.mode != "off")
        self.kept = KeptMail(self.home, self.guard.taken)
        self.held = HeldMail(self.home)
        # A client for each: one serves one thread.
        for_copies, for_returns = (
            FeedClient(self.home.web_socket, settings.server).source for _ in range(2)
        )
        self.copies = CopyDesk(self.home, self.usage.look_again, for_copies)
        self.returns = BringBackDesk(self.home, for_returns)
        self.redirects = Redirects(settings, self.home)
        self.rehasher = Rehasher(self.home)
        self.door = PeerDoor(settings, self.home)
        self._settings = settings
        self.request = self.home.event_spool.parent / "rebuild"
        self._announced = -1
        if self.directory.outdated:
            log.info("the directory is of an earlier version, building it anew")
            self.request.touch()

    def _open_directory(self) -> Directory:
        home = self.home
        maps = NodeMaps(home)
        maps.fill()
        try:
            return Directory(home, maps, Doveadm(home), DkimFiles(home), ZoneFiles(home))
        except sqlite3.DatabaseError as error:
            # Damaged: everything in it can be had again.
            log.error("directory damaged, building it anew", words=str(error))
            for part in home.directory.glob("directory.db*"):
                part.replace(part.with_name(f"{part.name}.damaged"))
            return Directory(home, maps, Doveadm(home), DkimFiles(home), ZoneFiles(home))

    def run(self) -> None:
        """Work until told to stop."""
        reporter = threading.Thread(target=self._report, name="report", daemon=True)
        reporter.start()
        # An order may take long, and a long poll must not delay changes.
        threading.Thread(target=self._obey, name="orders", daemon=True).start()
        # Their tasks may take long and can be left at any time: nobody waits for their end.
        for name, work in (
            ("upkeep", self.upkeep.run),
            ("listings", self.listings.run),
            ("reports", self.reports.run),
            ("certificates", self.certificates.run),
            ("kept mail", self.kept.run),
            ("held mail", self.held.run),
            ("copies", self.copies.run),
            ("returns", self.returns.run),
            ("redirects", self.redirects.run),
            ("rehash", self.rehasher.run),
        ):
            threading.Thread(target=work, args=(self.stopping,), name=name, daemon=True).start()
        pause = 0.0
        while not self.stopping.wait(pause):
            try:
                self._finish()
                self._step()
                pause = 0.0
            except Away as away:
                pause = min(max(0.2, pause * 2), LONGEST_PAUSE)
                log.warning("control plane away", words=str(away), pause=pause)
            except Exception as error:
                pause = min(max(0.5, pause * 2), LONGEST_PAUSE)
                log.exception("cannot apply", pause=pause)
                self._failed(error)
        reporter.join(timeout=5)

    def _step(self) -> None:
        asked = self.request.exists()
        if self._announced < 0 and self.directory.revision:
            # The one before may have been killed between applying and telling: say it now, not when
            # the long poll is over.
            self._announce()
        page = self.feed.changes(self.directory.revision, wait=0 if asked else 25.0)
        if asked or page.rebuild or (self.directory.revision == 0 and not page.revisions):
            if asked or page.rebuild or self._announced < 0:
                self._rebuild()
            self.request.unlink(missing_ok=True)
        elif page.revisions:
            with _timed("apply", changes=len(page.revisions)):
                self._purged(self.directory.apply(page.revisions))
            changes = [revision.change for revision in page.revisions]
            touched = {c.address for c in changes if isinstance(c, MailboxPut | MailboxGone)}
            # The store at an address may be another one now.
            self.usage.look_again(touched)
            self.room.look_at(touched)
            self.held.heard(changes)
            for change in changes:
                if isinstance(change, MailboxGone):
                    self.guard.gone(change.address)
        with _timed("announce", revision=self.directory.revision):
            self._announce()
        with _timed("follow the plan"):
            self._follow_plan()

    def _finish(self) -> None:
        """What a failed or killed one has left to do for the engines."""
        with _timed("finish"):
            self._purged(self.directory.finish())

    def _follow_plan(self) -> None:
        try:
            follow(self._settings, self.home, self.directory.state.sending_plan())
        except (EngineError, Refusal) as error:
            # Addresses and log-ins must not wait for it; it is tried again at the next look.
            log.error("cannot follow the plan of sending addresses", words=str(error))

    def _rebuild(self) -> None:
        started = time.monotonic()
        with self.feed.snapshot() as (revision, changes):
            rebuild(self.directory, revision, changes)
        self._finish()
        self.room.look_at_all()
        self.held.look()
        log.info("directory built", revision=revision, seconds=round(time.monotonic() - started, 2))

    def _announce(self) -> None:
        revision = self.directory.revision
        if revision != self._announced:
            number, now = EventSpool.identity()
            event = Applied(id=number, at=now, revision=revision)
            self.feed.push([event])
            self._announced = revision

    def _failed(self, error: Exception) -> None:
        words = error.sentence if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"
        number, now = EventSpool.identity()
        revision = self.directory.revision + 1
        try:
            self.feed.push([ApplyFailed(id=number, at=now, revision=revision, words=words[:900])])
        except (Away, Refusal):
            log.warning("cannot tell the control plane")

    def _purged(self, stores: list[str]) -> None:
        if not stores:
            return
        events = []
        for store in stores:
            number, now = EventSpool.identity()
            events.append(StoreGone(id=number, at=now, store=store))
        spool = EventSpool(self.home.event_spool)
        spool.add(events)
        spool.close()

    def _report(self) -> None:
        """Storage in use and waiting events, beside the feed: a long poll must not delay them."""
        spool = EventSpool(self.home.event_spool)
        feed = FeedClient(self.home.web_socket, self._server)
        pulse = Pulse(self.home)
        deliveries = DeliveryBook(self.home, spool)
        addresses = AddressBook(self.home, spool)
        due, beat = 0.0, time.monotonic() + TELL_PULSE_EVERY
        while not self.stopping.wait(REPORT_EVERY):
            try:
                if time.monotonic() >= beat:
                    beat += TELL_PULSE_EVERY
                    spool.add([pulse.take()])
                if door := self.door.due(time.monotonic()):
                    spool.add(door)
                self.room.look_at(self.usage.take())
                self.sign_ins.read(dt.datetime.now(dt.UTC))
                leaked = self.sign_ins.leaked
                pulse.leaked(len(leaked))
                self.breached.take(leaked, spool)
                self.rehasher.tell(spool)
                self.guard.leaked(leaked)
                self.blocks.tell(spool, dt.datetime.now(dt.UTC))
                lines = deliveries.read(dt.datetime.now(dt.UTC))
                self.guard.delivered(lines)
                self.guard.send()
                addresses.note(lines)
                addresses.look()
                if time.monotonic() >= due:
                    self._tell_usage(spool)
                    self.sign_ins.tell(spool)
                    self.sending.tell(spool, dt.datetime.now(dt.UTC))
                    due = time.monotonic() + TELL_USAGE_EVERY
                _hand_in(spool, feed)
            except Away:
                continue
            except Exception:
                log.exception("cannot report")
        feed.close()
        spool.close()

    def _obey(self) -> None:
        """Do what the control plane asks, beside the feed."""
        feed = FeedClient(self.home.web_socket, self._server)
        orders = Orders(self.home, self.guard)
        pause = 0.0
        while not self.stopping.wait(pause):
            try:
                for answered in orders.do(feed.orders().orders):
                    feed.answer(answered)
                pause = 0.0
            except Away:
                pause = min(max(0.2, pause * 2), LONGEST_PAUSE)
            except Exception:
                pause = min(max(0.5, pause * 2), LONGEST_PAUSE)
                log.exception("cannot obey", pause=pause)
        feed.close()

    def _tell_usage(self, spool: EventSpool) -> None:
        changed = self.usage.untold(TELL_AT_ONCE)
        if not changed:
            return
        path = f"file:{self.home.directory_database}?mode=ro"
        events = []
        with closing(sqlite3.connect(path, uri=True, timeout=5)) as reader:
            for address, (size, count) in changed.items():
                row = reader.execute(
                    "SELECT store FROM store WHERE address = ?", (address,)
                ).fetchone()
                if row:
                    number, now = EventSpool.identity()
                    events.append(
                        UsageSeen(id=number, at=now, store=row[0], bytes=size, messages=count)
                    )
        spool.add(events)
        self.usage.told(changed)


@contextmanager
def _timed(step: str, **facts: object) -> Iterator[None]:
    """The log tells of a step that others had to wait for."""
    started = time.monotonic()
    yield
    if (seconds := time.monotonic() - started) > SLOW:
        log.warning("slow", step=step, seconds=round(seconds, 1), **facts)


def _hand_in(spool: EventSpool, feed: FeedClient) -> None:
    """Tell the control plane what waits, up to a bound: other reports must not wait long."""
    for _ in range(BATCHES_AT_ONCE):
        number, events = spool.waiting()
        if not events:
            return
        feed.push(events)
        spool.done(number, events)


def _log_to_stderr() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def main(arguments: list[str]) -> int:
    """Run until SIGTERM; exit code 4 when another agent has this home."""
    parser = argparse.ArgumentParser(prog="agent")
    parser.add_argument("--home", type=Path, required=True)
    given = parser.parse_args(arguments)
    _log_to_stderr()
    faulthandler.register(signal.SIGUSR1)
    folder = Home(given.home).event_spool.parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            log.error("another agent has this home")
            return 4
        agent = Agent(given.home)

        def stop(number: int, frame: FrameType | None) -> None:
            agent.stopping.set()
            # Ends a long poll that is under way: SystemExit passes through it.
            raise SystemExit(0)

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        agent.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
