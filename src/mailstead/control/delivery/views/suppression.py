"""Recipients who are not there, with their release, and complaints, as pages."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.models import Complaint, Suppression
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.listing import csv_file, listing, wants_csv

MOST_IN_FILE = 100_000
_WHICH = {"": False, "ended": True, "all": None}


@page("suppression.view")
def suppressions(request: HttpRequest) -> HttpResponseBase:
    """All that the reader may see."""
    which = request.GET.get("which", "")
    rows = queries.suppressions(
        actor_in(request),
        search=request.GET.get("q", "")[:320],
        ended=_WHICH.get(which, False),
    )
    if wants_csv(request):
        heads = ("recipient", "from", "since", "until", "turn", "ended", "end", "reply", "server")
        return csv_file("unreachable", heads, rows[:MOST_IN_FILE], _cells)
    found = listing(
        request,
        rows,
        sorts={"since": ("since", "pk"), "until": ("until", "pk")},
        default="-since",
        hint=gettext("Part of an address"),
    )
    return render(request, "delivery/suppressions.html", {"listing": found, "which": which})


def _cells(row: Suppression) -> tuple[str, ...]:
    return (
        row.recipient,
        row.address,
        row.since.isoformat(timespec="seconds"),
        row.until.isoformat(timespec="seconds"),
        str(row.turn),
        row.ended.isoformat(timespec="seconds") if row.ended else "",
        row.end,
        row.reply,
        row.relay,
    )


@page("suppression.view", post="suppression.release")
def suppression(request: HttpRequest, suppression: int) -> HttpResponseBase:
    """One, and the button that lets it go."""
    actor = actor_in(request)
    row = queries.suppression_numbered(actor, suppression)
    if request.method == "POST":
        services.release(actor=actor, now=timezone.now(), suppression=row)
        words = gettext("{sender} may write to {recipient} again.")
        messages.success(request, words.format(sender=row.address, recipient=row.recipient))
        return redirect("delivery:suppression", row.pk)
    own = actor.kind == "mailbox"
    link = reverse("delivery:my-delivery" if own else "delivery:list")
    return render(request, "delivery/suppression.html", {"row": row, "messages_link": link})


@page("complaint.view")
def complaints(request: HttpRequest) -> HttpResponseBase:
    """All that the reader may see."""
    rows = queries.complaints(actor_in(request), search=request.GET.get("q", "")[:320])
    if wants_csv(request):
        heads = ("received", "told by", "kind", "recipient", "message-id", "source")
        return csv_file("complaints", heads, rows[:MOST_IN_FILE], _complaint_cells)
    found = listing(
        request,
        rows,
        sorts={"time": ("received", "pk")},
        default="-time",
        vast=True,
        hint=gettext("Whole address or Message-ID"),
    )
    return render(request, "delivery/complaints.html", {"listing": found})


def _complaint_cells(row: Complaint) -> tuple[str, ...]:
    return (
        row.received.isoformat(timespec="seconds"),
        row.reporter,
        row.kind,
        row.recipient,
        row.message_id,
        row.source,
    )
