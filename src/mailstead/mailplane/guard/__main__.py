"""Starts the guard: `python -m mailstead.mailplane.guard --home H --pages URL`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from mailstead.home import Home
from mailstead.mailplane.directory.guard_words import GuardWords
from mailstead.mailplane.directory.lifts import LiftBook
from mailstead.mailplane.directory.sending import SendingBook
from mailstead.mailplane.directory.suppressions import SuppressionBook
from mailstead.mailplane.guard.case_store import CaseStore
from mailstead.mailplane.guard.cases import Cases
from mailstead.mailplane.guard.content import Ear
from mailstead.mailplane.guard.crowd import Crowd
from mailstead.mailplane.guard.desk import Desk
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.journal import Journal
from mailstead.mailplane.guard.logins.clients import Trusted
from mailstead.mailplane.guard.logins.desk import LoginDesk
from mailstead.mailplane.guard.logins.detector import LoginDetector
from mailstead.mailplane.guard.logins.memory import LoginMemory
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.networks import Networks
from mailstead.mailplane.guard.observer import Observer
from mailstead.mailplane.guard.server import listen, serve, settle_files
from mailstead.mailplane.guard.sharing import Sharing
from mailstead.mailplane.guard.store import Store
from mailstead.mailplane.guard.tally import Tally
from mailstead.standards.refusal import Refusal

_COLLECTING = (20_000, 20, 50)
"""How many new objects of each generation the garbage collector lets pass (`gc.set_threshold`)."""


def main(arguments: list[str]) -> int:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="guard")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--pages", required=True, help="where the pages that explain begin")
    parser.add_argument(
        "--mode",
        choices=("hold", "watch", "off"),
        default="off",
        help="what happens to mailboxes that look stolen",
    )
    parser.add_argument("--journal-days", type=int, default=0, help="keep what it was told so long")
    parser.add_argument("--networks", type=Path, help="whose addresses are (a file)")
    parser.add_argument("--logins", type=int, help="port at which Dovecot asks about log-ins")
    parser.add_argument("--blocked", default="", help="where a person reads why it was refused")
    parser.add_argument("--blocking", action="store_true", help="refuse log-ins")
    parser.add_argument("--trusted", action="append", default=[], help="who is never refused")
    given = parser.parse_args(arguments)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    home = Home(given.home)
    desk = Desk(
        store=Store(home.guard_database),
        sending=SendingBook(home.directory_database),
        suppressions=SuppressionBook(home.directory_database),
        pages=given.pages,
    )
    tally, crowd = Tally(), Crowd()
    observer = school = None
    beside: list[Callable[[], Coroutine[Any, Any, None]]] = []
    files = [home.guard_database]
    if given.mode != "off":
        detector = Detector(_networks(given.networks), enforcing=given.mode == "hold")
        memory = Memory(home.guard_profiles)
        memory.fill(detector)
        cases = Cases(detector, CaseStore(home.guard_cases), tally)
        words = GuardWords(home.directory_database)
        journal = Journal(home.guard_journal, given.journal_days)
        observer = Observer(detector, memory, cases, time.time, words, journal)
        school = listen(home.guard_learning, 0o600)
        crowd = detector.crowd
        beside.append(Ear(home.redis_socket, observer.learn, time.time).run)
        files += [home.guard_profiles, home.guard_cases]
    logins = None
    clients = LoginDetector(Trusted(given.trusted))
    if given.logins:
        logins = _logins(home, given, clients, observer, tally)
        files.append(home.guard_logins)
    if home.guard_sharing.exists() and (observer or logins):
        sharing = Sharing.of(home, crowd, time.time, clients if logins else None)
        beside.append(sharing.run)
    # What was made until here stays: the garbage collector need not look at it while mail waits.
    gc.freeze()
    # Nor, every few messages, at ten thousand profiles: hardly anything here is a ring.
    gc.set_threshold(*_COLLECTING)
    beside.append(partial(settle_files, files))
    asyncio.run(
        serve(
            desk, listen(home.guard_socket), observer, school, beside, logins, given.logins, tally
        )
    )
    return 0


def _logins(
    home: Home,
    given: argparse.Namespace,
    clients: LoginDetector,
    observer: Observer | None,
    tally: Tally,
) -> LoginDesk:
    return LoginDesk(
        detector=clients,
        memory=LoginMemory(home.guard_logins),
        lifts=LiftBook(home.directory_database),
        key=home.login_key.read_text(encoding="ascii").strip(),
        page=given.blocked,
        blocking=given.blocking,
        now=time.time,
        signed_in=(lambda act: observer.learn([act])) if observer else None,
        tally=tally,
    )


def _networks(path: Path | None) -> Networks:
    """Those of the file; without one that can be read, none: the guard does not wait for it."""
    if path is None:
        return Networks()
    try:
        return Networks.read(path)
    except (OSError, Refusal) as error:
        structlog.get_logger("guard").error("networks not read", words=str(error))
        return Networks()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
