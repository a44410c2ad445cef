"""The worker process: what has to be done at once, and what from time to time.

Purpose: every second send the panel's mail and the webhooks that are due, tell of stolen mailboxes,
ask nodes for what was decided on held mail, and do the jobs that wait; look at the DNS of each
domain each night, and at keys that are to sign or to go; tell the server of the company's zone of
new keys; every minute purge what is over and remind of what waits.
Runs: SIGTERM ends it between two tasks, and between two steps of a job.
Diagnostics: one line on stderr for each task that did something or failed.
Known limits: a task that fails is tried again at the next round.
"""

from __future__ import annotations

import datetime as dt
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import structlog

from mailstead.config import home_from_environment
from mailstead.control.project.bootstrap import setup
from mailstead.standards.refusal import Refusal

if TYPE_CHECKING:
    from mailstead.control.jobs.models import Job
    from mailstead.control.jobs.services import Handler

Task = Callable[[dt.datetime], int]
ROUND = 60.0
"""Seconds between two rounds of `_tasks`."""
BEAT = 1.0
"""Seconds between two rounds of `_quick_tasks`, each one cheap look where there is nothing."""
PACES = {"zone": 5.0}
"""Of threads that are slower: a server that refuses is not asked every second."""


def _quick_tasks() -> dict[str, Task]:
    from mailstead.control.moves.services import advance_due
    from mailstead.control.people.services import send_due
    from mailstead.control.protection.services import settle_due, tell_due

    return {"cases": tell_due, "kept mail": settle_due, "mail": send_due, "copies": advance_due}


TURN = 5.0
"""Seconds after which a job lets another one have its turn, if one waits."""


def _handlers() -> dict[str, Handler]:
    """What does each kind of job."""
    from mailstead.control.hosting import jobs, services
    from mailstead.control.moves.jobs import install_move
    from mailstead.control.moves.services import INSTALL

    return {services.IMPORT_MAILBOXES: jobs.import_mailboxes, INSTALL: install_move}


def _webhooks() -> dict[str, Task]:
    """On a thread of their own: an address that does not answer holds up nothing else."""
    from mailstead.control.hosting.services import enqueue_webhooks
    from mailstead.control.people.services import deliver_due

    return {"webhook entries": enqueue_webhooks, "webhooks": deliver_due}


def _looks() -> dict[str, Task]:
    """On a thread of their own: the DNS of some domains takes its time to say nothing."""
    from mailstead.control.dns.keys import advance_due
    from mailstead.control.dns.push.services import verify_due
    from mailstead.control.dns.services import check_due
    from mailstead.control.dns.zones.delegation import check_delegations

    return {
        "dns": check_due,
        "dkim": advance_due,
        "dns pushes": verify_due,
        "delegations": check_delegations,
    }


def _reports() -> dict[str, Task]:
    """On a thread of their own: a large report takes its time."""
    from mailstead.control.delivery.services import read_due

    return {"reports": read_due}


def _reading() -> dict[str, Task]:
    """On a thread of their own: an archive takes as long as it takes."""
    from mailstead.control.moves.services import read_due

    return {"sources of moves": read_due}


def _trials() -> dict[str, Task]:
    """On a thread of their own: another host's server takes as long as it takes."""
    from mailstead.control.moves.services import try_due

    return {"log-ins of moves": try_due}


def _exports() -> dict[str, Task]:
    """On a thread of their own: a large customer takes its time to be written down."""
    from mailstead.control.moves.services import make_due

    return {"exports": make_due}


def _zone() -> dict[str, Task]:
    """On a thread of their own: a server that is away is waited for."""
    from mailstead.control.dns.operator_zone import push_due

    return {"zone of keys": push_due}


def _tasks() -> dict[str, Task]:
    from mailstead.control.delivery.services import drop_old as drop_old_messages
    from mailstead.control.delivery.services import (
        drop_old_answers,
        drop_old_complaints,
        drop_old_listings,
        drop_old_reports,
        drop_old_rests,
        drop_unread,
        end_due,
        tell_again,
    )
    from mailstead.control.dns.push.services import drop_old as drop_old_plans
    from mailstead.control.feed.services import compact
    from mailstead.control.hosting.services import drop_old_sign_ins, purge_expired, purge_left
    from mailstead.control.jobs.services import drop_old as drop_old_jobs
    from mailstead.control.moves.services import expire_exports, expire_redirects
    from mailstead.control.people.services import (
        drop_deliveries,
        drop_keys,
        drop_old,
        drop_sessions,
    )
    from mailstead.control.protection.services import (
        drop_old_cases,
        end_due_blocks,
        end_words,
        follow_leaked,
        remind_due,
    )

    return {
        "purge": purge_expired,
        "left mail": purge_left,
        "compact": compact,
        "outbox": drop_old,
        "sessions": drop_sessions,
        "deliveries": drop_deliveries,
        "idempotency keys": drop_keys,
        "sign-ins": drop_old_sign_ins,
        "old jobs": drop_old_jobs,
        "delivery log": drop_old_messages,
        "old reports": drop_old_reports,
        "unread reports": drop_unread,
        "listings": drop_old_listings,
        "dns plans": drop_old_plans,
        "suppressions": end_due,
        "complaints": drop_old_complaints,
        "complaints to guards": tell_again,
        "rests": drop_old_rests,
        "receivers' answers": drop_old_answers,
        "kept mail's reminders": remind_due,
        "guard's words": end_words,
        "old cases": drop_old_cases,
        "blocked log-ins": end_due_blocks,
        "redirects": expire_redirects,
        "old exports": expire_exports,
        "leaked passwords": follow_leaked,
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
        except Refusal as refusal:
            log.warning("refused", task=name, words=refusal.sentence)
        except Exception:
            log.exception("failed", task=name)
        finally:
            close_old_connections()


def do_jobs(stop: threading.Event, handlers: Mapping[str, Handler], now: dt.datetime) -> int:
    """Do jobs, each in turns, until none waits or `stop` is set; returns how many turns."""
    from mailstead.control.jobs import services

    turns = 0
    while not stop.is_set() and (job := services.claim(dt.datetime.now(dt.UTC))):
        _turn(stop, handlers, job)
        turns += 1
    return turns


def _turn(stop: threading.Event, handlers: Mapping[str, Handler], job: Job) -> None:
    """The border of a job: a refusal becomes its last words, a defect a trace in the log."""
    from mailstead.control.jobs import services

    ends = time.monotonic() + TURN
    try:
        while services.step(job, handlers[job.kind], dt.datetime.now(dt.UTC)):
            if stop.is_set() or (time.monotonic() > ends and services.others_wait()):
                services.give_back(job, dt.datetime.now(dt.UTC))
                return
    except Refusal as refusal:
        services.fail(job, refusal.sentence, dt.datetime.now(dt.UTC))
    except Exception:
        structlog.get_logger("worker").exception("failed", job=job.pk, kind=job.kind)
        words = "A defect in Mailstead; the log of the worker holds its trace."
        services.fail(job, words, dt.datetime.now(dt.UTC))


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
    beats: dict[str, dict[str, Task]] = {
        "zone": _zone(),
        "quick": _quick_tasks(),
        "webhooks": _webhooks(),
        "looks": _looks(),
        "reports": _reports(),
        "reading": _reading(),
        "trials": _trials(),
        "exports": _exports(),
        "jobs": {"jobs": partial(do_jobs, stop, _handlers())},
    }
    threads = [
        threading.Thread(target=_repeat, args=(stop, PACES.get(name, BEAT), tasks), name=name)
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
