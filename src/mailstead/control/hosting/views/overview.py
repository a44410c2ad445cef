"""The first page: what there is and what needs attention."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mailstead.control.hosting import queries
from mailstead.control.hosting.views.company_overview import company
from mailstead.control.hosting.views.my_overview import mailbox_overview
from mailstead.control.people.pages import actor_in, page

SHOWN = 20
"""Domains on the first page."""


@page("overview.view")
def overview(request: HttpRequest) -> HttpResponse:
    """Each role's own first page."""
    actor = actor_in(request)
    if actor.kind in ("operator", "staff", "reseller"):
        return company(request)
    if actor.kind == "mailbox":
        return mailbox_overview(request)
    used, whole = queries.pool_of(actor)
    rows = list(queries.found_domains(actor, "").order_by("name")[:SHOWN])
    context = {
        "used": used,
        "whole": whole,
        "rows": queries.with_contents(rows),
        "attention": queries.attention(actor, second_factor=is_mfa_enabled(request.user)),
        "steps": queries.first_steps(actor),
    }
    return render(request, "hosting/overview/customer.html", context)
