"""The audit trail, as its owner reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from mailstead.control.hosting import queries
from mailstead.control.hosting.queries.trail import Difference, differences
from mailstead.control.people.models import AuditEntry
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.listing import csv_file, listing, wants_csv

KINDS = (
    "customer",
    "domain",
    "mailbox",
    "forwarder",
    "autoresponder",
    "rules",
    "spam",
    "app-password",
    "person",
    "session",
    "token",
    "webhook",
    "package",
    "brand",
    "server",
    "queue",
)
_HEADS = (
    "time",
    "who",
    "in whose place",
    "what",
    "object",
    "reason",
    "before",
    "after",
    "address",
    "request",
)


@dataclass(frozen=True)
class Line:
    """One entry and what it changed."""

    entry: AuditEntry
    differences: list[Difference]


@page("audit.view")
def audit_list(request: HttpRequest) -> HttpResponseBase:
    """Who did what, as whom, from where; newest first."""
    kind = request.GET.get("kind", "")
    rows = queries.trail(
        actor_in(request),
        kind=kind if kind in KINDS else "",
        search=request.GET.get("q", ""),
        label=request.GET.get("label", ""),
    )
    if wants_csv(request):
        return csv_file("audit-trail", _HEADS, rows, _cells)
    found = listing(
        request,
        rows,
        sorts={"time": ("pk",)},
        default="-time",
        hint=gettext("Name, person, address, number of a request"),
    )
    context = {
        "listing": found,
        "lines": [Line(entry, differences(entry)) for entry in found.rows],
        "kinds": KINDS,
        "kind": kind,
        "label": request.GET.get("label", ""),
    }
    return render(request, "hosting/audit/list.html", context)


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    return (
        entry.at.isoformat(timespec="seconds"),
        entry.actor,
        entry.acting_as,
        entry.verb,
        entry.label,
        entry.reason,
        json.dumps(entry.before, ensure_ascii=False) if entry.before else "",
        json.dumps(entry.after, ensure_ascii=False) if entry.after else "",
        entry.address,
        entry.request,
    )
