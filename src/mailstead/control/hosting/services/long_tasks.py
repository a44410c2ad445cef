"""Beginning the long tasks of hosting, which the worker then does (hosting/jobs.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict

from mailstead.control.hosting.rows import MailboxRow
from mailstead.control.jobs import services as jobs
from mailstead.control.jobs.models import Job
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

IMPORT_MAILBOXES = "hosting.import-mailboxes"
MOST_ROWS = 100_000


def start_mailbox_import(
    *, actor: Actor, now: dt.datetime, customer: int | None, rows: Sequence[MailboxRow]
) -> Job:
    """Let the worker make these mailboxes; every row has its password hashed.

    `customer` is whose job it is; the actor has been seen to see it. Raises `Refusal`.
    """
    roles.require(actor, "mailbox.import")
    if not 1 <= len(rows) <= MOST_ROWS:
        raise Refusal(
            "rows-many",
            "An import has between 1 and {most} rows.",
            remedy="Divide the file.",
            most=MOST_ROWS,
        )
    if any(row.hashed is None or row.password is not None for row in rows):
        raise ValueError("a job never holds a password in clear")
    plain = [{k: v for k, v in asdict(row).items() if k != "password"} for row in rows]
    return jobs.create_job(
        actor=actor,
        now=now,
        kind=IMPORT_MAILBOXES,
        title=f"Import of {len(rows)} mailboxes",
        customer=customer,
        payload={"rows": plain},
        total=len(rows),
    )
