"""The worker process: what has to be done at once, and what from time to time.

Purpose: every second send the panel's mail and the webhooks that are due; every minute purge what
is over.
Runs: SIGTERM ends it between two tasks.
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

Task = Callable[[dt.datetime], int]
ROUND = 60.0
"""Seconds between two rounds of `_tasks`."""
BEAT = 1.0
"""Seconds between two rounds of `_quick_tasks`, each one cheap look where there is nothing."""


def _quick_tasks() -> dict[str, Task]:
    from mailstead.control.people.services import send_due

    return {"mail": send_due}


def _webhooks() -> dict[str, Task]:
    """On a thread of their own: an address that does not answer holds up nothing else."""
    from mailstead.control.hosting.services import enqueue_webhooks
    from mailstead.control.people.services import deliver_due

    return {"webhook entries": enqueue_webhooks, "webhooks": deliver_due}


def _tasks() -> dict[str, Task]:
    from mailstead.control.feed.services import compact
    from mailstead.control.hosting.services import drop_old_sign_ins, purge_expired
    from mailstead.control.people.services import (
        drop_deliveries,
        drop_keys,
        drop_old,
        drop_sessions,
    )

    return {
        "purge": purge_expired,
        "compact": compact,
        "outbox": drop_old,
        "sessions": drop_sessions,
        "deliveries": drop_deliveries,
        "idempotency keys": drop_keys,
        "sign-ins": drop_old_sign_ins,
    }


def work(now: dt.datetime, tasks: dict[str, Task] | None = None) -> None:
    """One round of all tasks, or of those given."""
    from django.db import close_old_connections

    log = structlog.get_logger("worker")
    for name, task in (_tasks() if tasks is None else tasks).items():
        try:
            count = task(now)
            if count:
                log.info("done", task=name, count=count)
        except Exception:
            log.exception("failed", task=name)
        finally:
            close_old_connections()


def _repeat(stop: threading.Event, every: float, tasks: dict[str, Task]) -> None:
    while not stop.is_set():
        work(dt.datetime.now(dt.UTC), tasks)
        stop.wait(every)


def main() -> int:
    """Work until SIGTERM."""
    setup(home_from_environment())
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    beats = {"quick": _quick_tasks(), "webhooks": _webhooks()}
    threads = [
        threading.Thread(target=_repeat, args=(stop, BEAT, tasks), name=name)
        for name, tasks in beats.items()
    ]
    for thread in threads:
        thread.start()
    _repeat(stop, ROUND, _tasks())
    for thread in threads:
        thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
