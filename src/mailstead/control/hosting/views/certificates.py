"""The operator's page of all certificates: what fails, what ends when."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Certificate
from mailstead.control.hosting.views.certificate_words import say
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.listing import csv_file, listing, wants_csv

_HEADS = ("name", "server", "node", "state", "not_after", "next_try", "words")


@page("certificate.view")
def certificate_list(request: HttpRequest) -> HttpResponseBase:
    """All of them, what is wrong first."""
    actor, now = actor_in(request), timezone.now()
    rows = queries.certificates(
        actor,
        search=request.GET.get("q", "").strip(),
        troubled=request.GET.get("state") == "troubled",
    )
    if wants_csv(request):
        return csv_file("certificates", _HEADS, rows, _line)
    found = listing(
        request,
        rows,
        sorts={
            "urgency": ("urgency", "not_after", "name"),
            "name": ("name",),
            "end": ("not_after", "name"),
        },
        default="urgency",
        hint=gettext("Part of a host name"),
    )
    shown = [{"row": row, "said": say(row, row.server.hostname, now)} for row in found.rows]
    return render(request, "hosting/servers/certificates.html", {"listing": found, "rows": shown})


def _line(row: Certificate) -> tuple[object, ...]:
    return (
        row.name,
        row.server.name,
        row.node,
        row.state,
        row.not_after.isoformat() if row.not_after else "",
        row.next_try.isoformat() if row.next_try else "",
        row.words,
    )
