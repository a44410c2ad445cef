"""Whether others trust what we send: the lists that name our addresses."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.models import Listing
from mailstead.control.hosting import queries as hosting
from mailstead.control.people.pages import actor_in, page
from mailstead.control.people.roles import may
from mailstead.control.web.listing import csv_file, listing, wants_csv
from mailstead.standards.refusal import Refusal
from mailstead.wire.orders import ListsLooked

PATIENCE = 20.0
"""Seconds for which the page waits for a node that asks its lists."""
_HEADS = ("server", "subject", "list", "since", "ended", "answers", "words")


@page("reputation.view")
def show(request: HttpRequest) -> HttpResponseBase:
    """What is listed, and what was."""
    actor = actor_in(request)
    rows = queries.listings(actor)
    if wants_csv(request):
        return csv_file("listings", _HEADS, rows, _cells)
    found = listing(
        request, rows.exclude(ended=None), sorts={"since": ("since", "pk")}, default="-since"
    )
    context = {
        "open": rows.filter(ended=None)[:200],
        "listing": found,
        "servers": list(hosting.servers(actor)[:50]),
        "may_check": may(actor, "reputation.check"),
    }
    return render(request, "delivery/reputation.html", context)


def _cells(row: Listing) -> tuple[str, ...]:
    return (
        row.server,
        row.subject,
        row.zone,
        row.since.isoformat(timespec="seconds"),
        row.ended.isoformat(timespec="seconds") if row.ended else "",
        " ".join(row.answers),
        row.words,
    )


@page("reputation.check")
def look(request: HttpRequest) -> HttpResponse:
    """Have a server ask its lists now."""
    actor = actor_in(request)
    if request.method == "POST":
        server = hosting.server_named(actor, request.POST.get("server", "")[:63])
        try:
            answer = services.look_at_lists(
                actor=actor, now=timezone.now(), server=server, seconds=PATIENCE
            )
        except Refusal as refusal:
            messages.error(request, refusal.sentence)
        else:
            _say(request, answer)
    return redirect("delivery:reputation")


def _say(request: HttpRequest, answer: ListsLooked | None) -> None:
    if answer is None:
        words = gettext("The server has not answered yet. Look at this page again in a minute.")
        messages.info(request, words)
        return
    count = len(answer.listed)
    if count:
        words = ngettext("{n} entry was found.", "{n} entries were found.", count)
        messages.warning(request, words.format(n=count))
    elif len(answer.silent) == 0:
        messages.success(request, gettext("No list names an address or a name of this server."))
    if answer.silent:
        words = gettext(
            "Nothing can be learnt from {lists}: they do not answer, or refuse this server."
        )
        messages.warning(request, words.format(lists=", ".join(answer.silent)))
