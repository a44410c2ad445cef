"""Mailboxes whose password is known from leaks, as a page."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from mailstead.control.hosting.models import Mailbox
from mailstead.control.people.pages import actor_in, page
from mailstead.control.people.roles import may
from mailstead.control.protection import queries
from mailstead.control.web.listing import csv_file, listing, wants_csv


@page("breached.view")
def breached(request: HttpRequest) -> HttpResponseBase:
    """All that the reader may see; for a customer with the way to a rule."""
    actor = actor_in(request)
    rows = queries.breached(actor, search=request.GET.get("q", "").strip()[:320])
    if wants_csv(request):
        return csv_file(
            "leaked-passwords", ("mailbox", "customer", "seen", "sends_until"), rows, _cells
        )
    found = listing(
        request,
        rows,
        sorts={"seen": ("leaked_at", "pk"), "customer": ("domain__customer__name", "pk")},
        default="-seen",
        hint=gettext("Part of an address"),
    )
    context = {
        "listing": found,
        "customers": may(actor, "customer.list"),
        # A reseller is no customer of its own.
        "rule_of": actor.customer if actor.kind == "customer" else 0,
    }
    return render(request, "protection/breached.html", context)


def _cells(row: Mailbox) -> tuple[str, ...]:
    seen = row.leaked_at.isoformat(timespec="seconds") if row.leaked_at else ""
    until = row.leaked_due.isoformat(timespec="seconds") if row.leaked_due else ""
    return (row.address, row.domain.customer.name, seen, until)
