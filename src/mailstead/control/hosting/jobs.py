"""The long tasks of hosting, each a step that the worker calls again until it is finished."""

from __future__ import annotations

import datetime as dt
from typing import Any

from mailstead.control.hosting.services import MailboxRow
from mailstead.control.hosting.services import import_mailboxes as import_batch
from mailstead.control.jobs.models import Job
from mailstead.control.jobs.services import Progress
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

BATCH = 200
"""Rows of one step: some tens of milliseconds in which nobody else can write to SQLite."""
MOST_REFUSED = 1000
"""Refused rows that are kept with their reasons; the others are counted."""


def import_mailboxes(job: Job, actor: Actor, now: dt.datetime) -> Progress:
    """Make the next mailboxes of `payload["rows"]`, whose passwords are hashes."""
    rows: list[dict[str, Any]] = job.payload["rows"]
    part = rows[job.done : job.done + BATCH]
    results = import_batch(
        actor=actor,
        now=now,
        rows=[
            MailboxRow(
                address=row["address"],
                hashed=row["hashed"],
                quota=row.get("quota", 0),
                name=row.get("name", ""),
            )
            for row in part
        ],
    )
    result = {"made": 0, "present": 0, "refused_count": 0, "refused": [], **job.result}
    refused = list(result["refused"])
    for number, (row, outcome) in enumerate(zip(part, results, strict=True), start=job.done + 1):
        if not isinstance(outcome, Refusal):
            result[outcome] += 1
            continue
        result["refused_count"] += 1
        if len(refused) < MOST_REFUSED:
            words = {"code": outcome.code, "words": outcome.sentence}
            refused.append({"row": number, "address": row["address"], **words})
    result["refused"] = refused
    done = job.done + len(part)
    return Progress(done=done, total=len(rows), finished=done >= len(rows), result=result)
