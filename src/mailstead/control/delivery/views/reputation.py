"""Whether others trust what we send: the lists that name our addresses, what receivers answer."""

from __future__ import annotations

import dataclasses
import datetime as dt

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
from mailstead.control.web.listing import csv_file, csv_text, download, listing, wants_csv
from mailstead.standards.refusal import Refusal
from mailstead.wire.orders import ListsLooked

PATIENCE = 20.0
"""Seconds for which the page waits for a node that asks its lists."""
PERIODS = ("1", "7", "30", "90")
"""Days of which the answers of receivers are shown."""
MOST, MOST_EXPORTED = 100, 100_000
"""Rows of them on the page and in the file."""
_ANSWERS = [one.name for one in dataclasses.fields(queries.ReceiverAnswers)]
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


@page("reputation.view")
def receivers(request: HttpRequest) -> HttpResponse:
    """How receivers answer to each of our addresses."""
    actor = actor_in(request)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in PERIODS else 7
    search = request.GET.get("q", "")[:253]
    today = timezone.now().astimezone(dt.UTC).date()
    rows = queries.receiver_answers(
        actor, today, days=days, search=search, limit=MOST_EXPORTED if wants_csv(request) else MOST
    )
    if wants_csv(request):
        lines = [dataclasses.astuple(row) for row in rows]
        return download("receivers.csv", csv_text(_ANSWERS, lines))
    context = {
        "rows": rows,
        "chosen": str(days),
        "periods": PERIODS,
        "search": search,
        "most": MOST,
    }
    return render(request, "delivery/receivers.html", context)


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
