"""The first page: what there is and what needs attention."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mailstead.control.hosting import queries
from mailstead.control.hosting.views.company_overview import company
from mailstead.control.hosting.views.my_overview import mailbox_overview
from mailstead.control.people.pages import actor_in, page


@page("overview.view")
def overview(request: HttpRequest) -> HttpResponse:
    """Each role's own first page."""
    actor = actor_in(request)
    if actor.kind in ("operator", "staff", "reseller"):
        return company(request)
    if actor.kind == "mailbox":
        return mailbox_overview(request)
    context = {"domains": queries.domains(actor)[:10]}
    return render(request, "hosting/overview.html", context)
