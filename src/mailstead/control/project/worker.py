"""The worker process: what has to be done from time to time.

Purpose: purge mail whose grace period is over; drop old revisions of the feed.
Runs: once a minute; SIGTERM ends it between two tasks.
Diagnostics: one line on stderr for each task that did something or failed.
Known limits: a task that fails is tried again at the next round.
"""

from __future__ import annotations

import datetime as dt
import signal
import sys
import threading
from collections.abc import Callable

import structlog

from mailstead.config import home_from_environment
from mailstead.control.project.bootstrap import setup

ROUND = 60.0
"""Seconds between two rounds."""


def _tasks() -> dict[str, Callable[[dt.datetime], int]]:
    from mailstead.control.feed.services import compact
    from mailstead.control.hosting.services import purge_expired

    return {"purge": purge_expired, "compact": compact}


def work(now: dt.datetime) -> None:
    """One round of all tasks."""
    from django.db import close_old_connections

    log = structlog.get_logger("worker")
    for name, task in _tasks().items():
        try:
            count = task(now)
            if count:
                log.info("done", task=name, count=count)
        except Exception:
            log.exception("failed", task=name)
        finally:
            close_old_connections()


def main() -> int:
    """Work until SIGTERM."""
    setup(home_from_environment())
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    while not stop.is_set():
        work(dt.datetime.now(dt.UTC))
        stop.wait(ROUND)
    return 0


if __name__ == "__main__":
    sys.exit(main())
