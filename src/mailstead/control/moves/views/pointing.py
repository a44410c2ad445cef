"""The page about the DNS of a move: where each domain leads, what to set, and pushing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.dns.spf import MOST_LOOKUPS
from mailstead.control.dns.views import shown_line
from mailstead.control.moves import queries, services, words
from mailstead.control.moves.views.show import parts_of, pointing_counts
from mailstead.control.people.pages import actor_in, page

SHOWN = 100
"""Domains on the page; the API has all."""


@page("move.view")
def dns(request: HttpRequest, number: int) -> HttpResponse:
    """What the public DNS says of each domain, and what is to be changed there."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    found = queries.pointing(move, SHOWN)
    context = {
        **parts_of(move, actor),
        "counts": pointing_counts(move),
        "domains": [
            {
                "one": one,
                "state": words.POINTING[one.state],
                "records": [
                    shown_line(line, one.report, one.domain)
                    for line in one.report.records
                    if line.kept is None or line.kept.verdict != "good"
                ],
            }
            for one in found
        ],
        "more": len(queries.moved_domains(move)) - len(found),
        "most_lookups": MOST_LOOKUPS,
    }
    return render(request, "moves/dns.html", context)


@page("move.check-dns", only_post=True)
def check(request: HttpRequest, number: int) -> HttpResponse:
    """Have all of them looked at now."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    services.look_at_dns(actor=actor, now=timezone.now(), move=move)
    messages.success(request, gettext("The domains are being looked at; read again in a minute."))
    return redirect("moves:dns", number)
