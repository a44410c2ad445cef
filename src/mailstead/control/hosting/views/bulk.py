"""Many mailboxes at once: typed names with passwords that are made, or a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.bulk import NamesForm, UploadForm
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_text, download
from mailstead.standards.password import generate
from mailstead.standards.refusal import Refusal
from mailstead.standards.sizes import size

AT_ONCE = 300
"""Rows that are made while the reader waits; more become a job."""
MOST_PASSWORDS = 2000
"""Rows of one file whose passwords are hashed while the reader waits: some seconds."""
HEADS = ("address", "password", "hash", "quota", "name")


@page("mailbox.create")
def names(request: HttpRequest) -> HttpResponse:
    """Make a mailbox for each name; the passwords are shown in the answer and nowhere else."""
    actor = actor_in(request)
    form = NamesForm(actor, request.POST or None, initial={"domain": request.GET.get("domain", "")})
    made: list[dict[str, str]] = []

    def create(data: dict[str, Any]) -> None:
        domain = queries.domain_named(actor, data["domain"])
        rows = [
            services.MailboxRow(
                address=f"{local}@{domain.name}",
                password=generate(),
                quota=data["quota"],
                name=person,
            )
            for local, person in data["names"]
        ]
        results = _made(actor, rows, _looked_at(actor, rows))
        for row, result in zip(rows, results, strict=True):
            made.append(_told(row, result))

    if request.method == "POST" and submitted(form, create):
        context = {"rows": made, "file": _file(made)}
        return render(request, "hosting/mailboxes/made.html", context)
    return render(request, "hosting/mailboxes/bulk.html", {"form": form})


def _file(made: list[dict[str, str]]) -> str:
    """Addresses and passwords as CSV: the page itself holds the file, nothing is kept here."""
    heads = ("address", "password", "name")
    return csv_text(heads, ([row[head] for head in heads] for row in made if not row["words"]))


def _told(row: services.MailboxRow, result: services.Result) -> dict[str, str]:
    refused = isinstance(result, Refusal)
    words = ""
    if isinstance(result, Refusal):
        words = result.say(gettext)
    elif result == "present":
        words = gettext("There is such a mailbox already; it is left as it was.")
    secret = "" if refused or result == "present" else row.password or ""
    return {"address": row.address, "name": row.name, "password": secret, "words": words}


def _rows(text: str) -> list[services.MailboxRow]:
    """The rows of a CSV file; raises `Refusal` naming the line."""
    reader = csv.DictReader(io.StringIO(text), restkey="")
    fields = set(reader.fieldnames or ())
    if "address" not in fields or fields - set(HEADS):
        raise Refusal(
            "csv-heads",
            "The first line must name the columns: {heads}.",
            remedy="Take the template.",
            heads=", ".join(HEADS),
        )
    found = []
    try:
        for row in reader:
            found.append(_row(row))
    except (Refusal, csv.Error) as error:
        why = error.say(gettext) if isinstance(error, Refusal) else str(error)
        raise _wrong_line(reader.line_num, why) from error
    if sum(1 for row in found if row.password) > MOST_PASSWORDS:
        raise Refusal(
            "passwords-many",
            "A file may have {most} rows with a password.",
            remedy="Divide it, or give hashes, of which there may be as many as you like.",
            most=MOST_PASSWORDS,
        )
    return found


def _row(row: Mapping[str, str | None]) -> services.MailboxRow:
    """One line; raises `Refusal`."""
    if "" in row:
        raise Refusal("csv-cells", "There are more values than columns.")
    quota = (row.get("quota") or "").strip()
    return services.MailboxRow(
        address=(row.get("address") or "").strip(),
        password=row.get("password") or None,
        hashed=(row.get("hash") or "").strip() or None,
        quota=size(quota) if quota else 0,
        name=(row.get("name") or "").strip(),
    )


def _wrong_line(line: int, why: str) -> Refusal:
    return Refusal(
        "csv-line",
        "Line {line}: {why}",
        remedy="Correct it and read the file again.",
        line=line,
        why=why,
    )


def _looked_at(actor: Actor, rows: list[services.MailboxRow]) -> list[services.Result]:
    """What would become of each row; a long file part by part, so that nobody waits for it."""
    results: list[services.Result] = []
    for at in range(0, len(rows), MOST_PASSWORDS):
        part = rows[at : at + MOST_PASSWORDS]
        results += services.import_mailboxes(
            actor=actor, now=timezone.now(), rows=part, dry_run=True
        )
    return results


def _made(
    actor: Actor, rows: list[services.MailboxRow], seen: list[services.Result]
) -> list[services.Result]:
    """Make what was not refused. Hashing comes first: nobody else may wait for it."""
    good = [services.hashed_row(r) for r, s in zip(rows, seen, strict=True) if s == "made"]
    done = iter(services.import_mailboxes(actor=actor, now=timezone.now(), rows=good))
    return [next(done) if result == "made" else result for result in seen]


@page("mailbox.import")
def upload(request: HttpRequest) -> HttpResponse:
    """A CSV file: what would happen, or done; a long one becomes a job."""
    actor = actor_in(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    told: list[dict[str, str]] = []
    jobs: list[int] = []

    def take(data: dict[str, Any]) -> None:
        rows = _rows(data["file"])
        results = _looked_at(actor, rows)
        if data["sure"] and len(rows) > AT_ONCE:
            jobs.append(_begin(actor, rows, results))
            return
        if data["sure"]:
            results = _made(actor, rows, results)
        told.extend(_told(row, result) for row, result in zip(rows, results, strict=True))

    done = request.method == "POST" and submitted(form, take)
    if done and jobs:
        messages.success(request, gettext("The mailboxes are being made."))
        return redirect("hosting:job", jobs[0])
    context = {
        "form": form,
        "done": done,
        "sure": done and form.cleaned_data["sure"],
        "good": sum(1 for row in told if not row["words"]),
        "wrong": [row for row in told if row["words"]][:500],
    }
    return render(request, "hosting/mailboxes/import.html", context)


def _begin(actor: Actor, rows: list[services.MailboxRow], seen: list[services.Result]) -> int:
    """Let the worker make them; returns the job's number.

    The job tells of every refused row, but it holds no password: a row without one that can be
    hashed stops it here.
    """
    hashed = []
    for line, (row, result) in enumerate(zip(rows, seen, strict=True), start=2):
        if result == "present":
            continue
        try:
            hashed.append(services.hashed_row(row))
        except Refusal as refusal:
            raise _wrong_line(line, refusal.say(gettext)) from refusal
    if not hashed:
        raise Refusal("import-done", "All of these mailboxes are there already.")
    job = services.start_mailbox_import(
        actor=actor, now=timezone.now(), customer=actor.customer or None, rows=hashed
    )
    return job.pk


@page("mailbox.import")
def template(request: HttpRequest) -> HttpResponse:
    """A file to begin with."""
    lines = [
        ",".join(HEADS),
        "ann@example.org,a long password,,5G,Ann Bell",
        "bob@example.org,,$6$…,none,Bob",
    ]
    return download("mailboxes.csv", "\r\n".join(lines) + "\r\n")
