"""Jobs: made by a person, done in steps by a worker, stopped and resumed (docs/decisions/0018).

A worker claims a job by a conditional UPDATE. Each step is one transaction with its work and its
progress in it, so that a worker that dies loses at most the step it was at, and one that was
thought dead cannot write over the one that took its place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from mailstead.control.jobs.models import Job, State
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

DEAD_AFTER = dt.timedelta(minutes=2)
"""A running job whose worker has said nothing for so long is taken over."""
KEEP = dt.timedelta(days=90)
"""For which what has ended is shown."""


@dataclass(frozen=True)
class Progress:
    """How far a job is after a step."""

    done: int
    finished: bool
    total: int | None = None
    """Where it has turned out to be another one."""
    result: Mapping[str, Any] | None = None
    """What came of it so far, the whole of it; None: as before."""


Handler = Callable[[Job, Actor, dt.datetime], Progress]
"""Does one step, of a second at most, inside the transaction that saves its progress. A `Refusal`
takes the step back and ends the job as failed; so does a defect."""


@transaction.atomic
def create_job(
    *,
    actor: Actor,
    now: dt.datetime,
    kind: str,
    title: str,
    customer: int | None,
    payload: Mapping[str, Any],
    total: int,
) -> Job:
    """A job that begins within a second or so; `payload` never holds a password in clear.

    `customer` is whose job it is, None the company's own; that the actor sees a reseller's customer
    has been checked by the caller.
    """
    roles.require(actor, "job.create")
    if not actor.sees_everything and actor.kind != "reseller" and customer != actor.customer:
        raise Refusal("object-unknown", "There is no such thing here.")
    job = Job.objects.create(
        kind=kind,
        title=title[:200],
        customer=customer,
        actor=actor.to_json(),
        payload=dict(payload),
        total=total,
        created_at=now,
    )
    _record(actor, now, "create", job)
    return job


@transaction.atomic
def stop_job(*, actor: Actor, now: dt.datetime, job: Job) -> None:
    """Stop after the present step; what is done stays done, and it may be resumed."""
    _locked(actor, "job.stop", job)
    if job.state == State.WAITING:
        job.state = State.STOPPED
    elif job.state == State.RUNNING:
        job.stop_asked = True
    else:
        raise Refusal("job-ended", "The job has ended already.")
    job.save(update_fields=["state", "stop_asked"])
    _record(actor, now, "stop", job)


@transaction.atomic
def resume_job(*, actor: Actor, now: dt.datetime, job: Job) -> None:
    """Go on with a job that was stopped or has failed, where it stands."""
    _locked(actor, "job.resume", job)
    if job.state == State.RUNNING and job.stop_asked:
        job.stop_asked = False
    elif job.state in (State.STOPPED, State.FAILED):
        job.state, job.stop_asked, job.words, job.finished_at = State.WAITING, False, "", None
    else:
        raise Refusal("job-not-stopped", "The job has not been stopped.")
    job.save(update_fields=["state", "stop_asked", "words", "finished_at"])
    _record(actor, now, "resume", job)


def _locked(actor: Actor, rule: str, job: Job) -> None:
    """The job as it is now; it was fetched through the actor."""
    roles.require(actor, rule)
    job.refresh_from_db(from_queryset=Job.objects.select_for_update())


def _record(actor: Actor, now: dt.datetime, verb: str, job: Job) -> None:
    people.record(
        actor=actor,
        verb=f"job.{verb}",
        kind="job",
        label=job.title,
        object_id=job.pk,
        now=now,
        after={"kind": job.kind, "done": job.done, "total": job.total},
        owner=people.Owner(customer=job.customer),
    )


# The worker's side


def claim(now: dt.datetime) -> Job | None:
    """Take the job that has waited longest for its turn; None when there is nothing to do."""
    dead = Q(state=State.RUNNING, beat_at__lt=now - DEAD_AFTER)
    rows = Job.objects.filter(Q(state=State.WAITING) | dead).defer("payload", "result")
    for job in rows.order_by(F("beat_at").asc(nulls_first=True), "pk")[:5]:
        seen = Job.objects.filter(pk=job.pk, state=job.state, beat_at=job.beat_at)
        if seen.update(state=State.RUNNING, beat_at=now, started_at=job.started_at or now) == 1:
            return Job.objects.filter(pk=job.pk, state=State.RUNNING, beat_at=now).first()
    return None


@transaction.atomic
def step(job: Job, handler: Handler, now: dt.datetime) -> bool:
    """Do one step of a claimed job; returns whether there is another one to do.

    Raises whatever the handler raises, its step taken back.
    """
    if not _still_ours(job):
        return False
    progress = handler(job, Actor.from_json(job.actor), now)
    job.done, job.beat_at = progress.done, now
    if progress.total is not None:
        job.total = progress.total
    if progress.result is not None:
        job.result = dict(progress.result)
    fields = ["done", "total", "result", "beat_at", "state", "finished_at"]
    if progress.finished:
        job.state, job.finished_at = State.DONE, now
        # It may hold much, hashes of passwords too, and is needed no longer.
        job.payload = {}
        fields.append("payload")
    elif job.stop_asked:
        job.state = State.STOPPED
    job.save(update_fields=fields)
    return job.state == State.RUNNING


def _still_ours(job: Job) -> bool:
    """Lock the job as this worker knows it; its payload, which may be large, never changes."""
    rows = Job.objects.select_for_update().filter(
        pk=job.pk, state=State.RUNNING, beat_at=job.beat_at
    )
    found = rows.values_list("stop_asked").first()
    if found is None:
        return False
    (job.stop_asked,) = found
    return True


def give_back(job: Job, now: dt.datetime) -> None:
    """Let the next worker go on: this one ends, or others have waited long enough."""
    rows = Job.objects.filter(pk=job.pk, state=State.RUNNING, beat_at=job.beat_at)
    rows.update(state=State.WAITING, beat_at=now)


def fail(job: Job, words: str, now: dt.datetime) -> None:
    """The job cannot go on; it may be resumed when what was wrong is mended."""
    rows = Job.objects.filter(pk=job.pk, state=State.RUNNING, beat_at=job.beat_at)
    rows.update(state=State.FAILED, words=words[:1000], finished_at=now)


def others_wait() -> bool:
    """Whether a job waits for its turn."""
    return Job.objects.filter(state=State.WAITING).exists()


def drop_old(now: dt.datetime) -> int:
    """Forget what has ended long ago; returns how many."""
    ended = (State.DONE, State.FAILED, State.STOPPED)
    return Job.objects.filter(state__in=ended, created_at__lt=now - KEEP).delete()[0]
