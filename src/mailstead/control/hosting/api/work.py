"""Jobs: long tasks, how far they are, stopping and resuming them."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema

from mailstead.control.hosting import queries
from mailstead.control.jobs import services
from mailstead.control.jobs.models import Job
from mailstead.control.people.actor import Actor
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turn, paged

router = Router(tags=["Jobs"])


class JobOut(Schema):
    """One long task."""

    id: int
    kind: str
    title: str
    customer: int | None
    state: str = Field(description="`waiting`, `running`, `stopped`, `done` or `failed`.")
    stop_asked: bool
    done: int
    total: int
    result: dict[str, object] = Field(description="What came of it so far.")
    words: str = Field(description="Why it failed.")
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None


class JobFind(Turn):
    """Which jobs."""

    state: str = Field("", max_length=8, description="Only those that stand so.")


def _found(request: HttpRequest, number: int) -> tuple[Actor, Job]:
    actor = caller(request)
    return actor, queries.job_numbered(actor, number)


@router.get("/jobs", response=Page[JobOut], summary="List jobs")
@operation("job.view")
def list_jobs(request: HttpRequest, find: Query[JobFind]) -> object:
    """Long tasks, the newest first."""
    rows = queries.jobs_of(caller(request))
    rows = rows.filter(state=find.state) if find.state else rows
    return paged(rows, find, JobOut.model_validate, newest_first=True)


@router.get("/jobs/{number}", response=JobOut, summary="Show a job")
@operation("job.view")
def show_job(request: HttpRequest, number: Path[Number]) -> object:
    """How far it is."""
    return _found(request, number)[1]


@router.post("/jobs/{number}/stop", response=JobOut, summary="Stop a job")
@operation("job.stop")
def stop_job(request: HttpRequest, number: Path[Number]) -> object:
    """After the present step; what is done stays done."""
    actor, found = _found(request, number)
    services.stop_job(actor=actor, now=timezone.now(), job=found)
    return found


@router.post("/jobs/{number}/resume", response=JobOut, summary="Resume a job")
@operation("job.resume")
def resume_job(request: HttpRequest, number: Path[Number]) -> object:
    """Go on where it stands."""
    actor, found = _found(request, number)
    services.resume_job(actor=actor, now=timezone.now(), job=found)
    return found
