"""Pages about jobs: how far each is, stopping, resuming, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries
from mailstead.control.jobs import services
from mailstead.control.jobs.models import Job, State
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.listing import csv_file, csv_text, download, listing, wants_csv

SHOWN = 50
"""Refused rows on the page; the file has all."""
_UNDER_WAY = (State.WAITING, State.RUNNING)


@dataclass(frozen=True)
class Shown:
    """One job as its pages show it."""

    job: Job
    kind: str
    words: str
    percent: int
    under_way: bool
    resumable: bool
    refused: list[Mapping[str, Any]]
    """The rows as the job keeps them; `words` says why."""
    faults: list[tuple[Any, str, str]]
    """Of the first of them: number, what it was about, why."""
    counts: list[tuple[str, Any]]


def shown(job: Job) -> Shown:
    """State in words, progress, and what came of it."""
    kind, words = {
        State.WAITING: ("idle", gettext("waiting for its turn")),
        State.RUNNING: ("warn", gettext("running")),
        State.STOPPED: ("idle", gettext("stopped")),
        State.DONE: ("good", gettext("done")),
        State.FAILED: ("bad", gettext("failed")),
    }[State(job.state)]
    if job.stop_asked and job.state == State.RUNNING:
        kind, words = "warn", gettext("stopping")
    refused = job.result.get("refused")
    rows: list[Mapping[str, Any]] = (
        [row for row in refused if isinstance(row, dict)] if isinstance(refused, list) else []
    )
    if job.state == State.DONE and rows:
        kind, words = "warn", gettext("done, with refused rows")
    percent = 100 if job.state == State.DONE else 0
    if job.total and job.state != State.DONE:
        percent = min(100, 100 * job.done // job.total)
    return Shown(
        job,
        kind,
        words,
        percent,
        under_way=job.state in _UNDER_WAY,
        resumable=job.state in (State.STOPPED, State.FAILED),
        refused=rows,
        faults=[_fault(n, row) for n, row in enumerate(rows[:SHOWN], start=1)],
        counts=_counts(job.result),
    )


def _counts(result: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What a job has counted, in words where they are known."""
    words = {
        "made": gettext("Made"),
        "present": gettext("There already"),
        "refused_count": gettext("Refused"),
    }
    numbers = [(k, v) for k, v in result.items() if isinstance(v, int | float)]
    return [(words.get(key, key), value) for key, value in numbers]


def _fault(place: int, row: Mapping[str, Any]) -> tuple[Any, str, str]:
    about = next((row[key] for key in ("what", "address", "name") if row.get(key)), "–")
    return row.get("row", place), str(about), str(row.get("words", ""))


@page("job.view")
def job_list(request: HttpRequest) -> HttpResponseBase:
    """The jobs that the reader sees, newest first."""
    rows = queries.jobs_of(actor_in(request))
    text = request.GET.get("q", "").strip()
    if text:
        rows = rows.filter(title__icontains=text)
    if wants_csv(request):
        heads = ("number", "title", "state", "done", "total", "created", "finished", "words")
        return csv_file("jobs", heads, rows, _line)
    found = listing(
        request,
        rows,
        sorts={"created": ("pk",), "title": ("title", "pk"), "state": ("state", "pk")},
        default="-created",
        hint=gettext("Part of a title"),
    )
    context = {"listing": found, "rows": [shown(job) for job in found.rows]}
    return render(request, "hosting/jobs/list.html", context)


def _line(job: Job) -> tuple[Any, ...]:
    finished = job.finished_at.isoformat(timespec="seconds") if job.finished_at else ""
    created = job.created_at.isoformat(timespec="seconds")
    return job.pk, job.title, job.state, job.done, job.total, created, finished, job.words


@page("job.view")
def show(request: Any, number: int) -> HttpResponse:
    """One job; under way it is looked at again every two seconds, without scripts every five."""
    one = shown(queries.job_numbered(actor_in(request), number))
    if not request.htmx:
        return render(request, "hosting/jobs/show.html", {"one": one})
    response = render(request, "hosting/jobs/progress.html", {"one": one})
    if not one.under_way:
        # The buttons and the refused rows are outside of what is looked at again.
        response.headers["HX-Refresh"] = "true"
    return response


@page("job.view")
def row(request: Any, number: int) -> HttpResponse:
    """One job as a row of the list, for htmx; without it the job's own page."""
    if not request.htmx:
        return redirect("hosting:job", number)
    one = shown(queries.job_numbered(actor_in(request), number))
    return render(request, "hosting/jobs/row.html", {"one": one})


@page("job.view")
def refused(request: HttpRequest, number: int) -> HttpResponse:
    """The rows that a job could not do, as a file to be mended and given again."""
    one = shown(queries.job_numbered(actor_in(request), number))
    heads = _heads(one.refused)
    lines = ([_cell(line.get(head)) for head in heads] for line in one.refused)
    return download(f"job-{number}-refused.csv", csv_text(heads, lines))


_FIRST = ("row", "address", "code", "words")


def _heads(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every name that a row has: those that all jobs use first, as PostgreSQL keeps no order."""
    names = {str(name) for line in rows for name in line}
    return [name for name in _FIRST if name in names] + sorted(names - set(_FIRST))


def _cell(value: Any) -> Any:
    return "" if value is None else value if isinstance(value, int | float) else str(value)


@page("job.stop", only_post=True)
def stop(request: HttpRequest, number: int) -> HttpResponse:
    """Stop a job after the step that it is at; what is done stays done."""
    actor = actor_in(request)
    job = queries.job_numbered(actor, number)
    services.stop_job(actor=actor, now=timezone.now(), job=job)
    messages.success(request, gettext("The job stops after its present step."))
    return redirect("hosting:job", number)


@page("job.resume", only_post=True)
def resume(request: HttpRequest, number: int) -> HttpResponse:
    """Go on where a job has stopped."""
    actor = actor_in(request)
    job = queries.job_numbered(actor, number)
    services.resume_job(actor=actor, now=timezone.now(), job=job)
    messages.success(request, gettext("The job goes on where it has stopped."))
    return redirect("hosting:job", number)
