"""Many mailboxes at once: typed names with passwords that are made, or a CSV file."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.bulk import NamesForm, UploadForm
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.standards.password import generate
from mailstead.standards.refusal import Refusal
from mailstead.standards.sizes import size

AT_ONCE = 300
"""Rows that are made while the reader waits; more become a job."""
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
        results = services.import_mailboxes(actor=actor, now=timezone.now(), rows=rows)
        for row, result in zip(rows, results, strict=True):
            made.append(_told(row, result))

    if request.method == "POST" and submitted(form, create):
        return render(request, "hosting/mailboxes/made.html", {"rows": made})
    return render(request, "hosting/mailboxes/bulk.html", {"form": form})


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
    reader = csv.DictReader(io.StringIO(text))
    fields = set(reader.fieldnames or ())
    if "address" not in fields or fields - set(HEADS):
        raise Refusal(
            "csv-heads",
            "The first line must name the columns: {heads}.",
            remedy="Take the template.",
            heads=", ".join(HEADS),
        )
    found = []
    for row in reader:
        quota = (row.get("quota") or "").strip()
        found.append(
            services.MailboxRow(
                address=(row.get("address") or "").strip(),
                password=row.get("password") or None,
                hashed=(row.get("hash") or "").strip() or None,
                quota=size(quota) if quota else 0,
                name=(row.get("name") or "").strip(),
            )
        )
    return found


@page("mailbox.import")
def upload(request: HttpRequest) -> HttpResponse:
    """A CSV file: what would happen, or done; a long one becomes a job."""
    actor = actor_in(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    told: list[dict[str, str]] = []
    jobs: list[int] = []

    def take(data: dict[str, Any]) -> None:
        rows = _rows(data["file"])
        now = timezone.now()
        if data["sure"] and len(rows) > AT_ONCE:
            hashed = [services.hashed_row(row) for row in rows]
            job = services.start_mailbox_import(
                actor=actor, now=now, customer=actor.customer or None, rows=hashed
            )
            jobs.append(job.pk)
            return
        results = services.import_mailboxes(
            actor=actor, now=now, rows=rows, dry_run=not data["sure"]
        )
        told.extend(_told(row, result) for row, result in zip(rows, results, strict=True))

    done = request.method == "POST" and submitted(form, take)
    if done and jobs:
        messages.success(request, gettext("The mailboxes are being made."))
        return redirect("hosting:jobs")
    context = {
        "form": form,
        "done": done,
        "sure": done and form.cleaned_data["sure"],
        "good": sum(1 for row in told if not row["words"]),
        "wrong": [row for row in told if row["words"]][:500],
        "grace": settings.MAILSTEAD.storage.grace_days,
    }
    return render(request, "hosting/mailboxes/import.html", context)


@page("mailbox.import")
def template(request: HttpRequest) -> HttpResponse:
    """A file to begin with."""
    lines = [
        ",".join(HEADS),
        "ann@example.org,a long password,,5G,Ann Bell",
        "bob@example.org,,$6$…,none,Bob",
    ]
    response = HttpResponse("\r\n".join(lines) + "\r\n", content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="mailboxes.csv"'
    return response
