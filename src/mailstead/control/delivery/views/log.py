"""Where is my message: the delivery log as its readers find it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.delivery import queries, words
from mailstead.control.delivery.models import Attempt, Delivery
from mailstead.control.hosting.views.place import Place, mailbox_in
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.listing import csv_file, listing, wants_csv

MOST_IN_FILE = 100_000
"""Rows of an export, the newest."""
_CHOICES = ("state", "cause", "domain")
_ASKED = ("since", "until", *_CHOICES)
_HEADS = (
    "time",
    "direction",
    "from",
    "to",
    "as written",
    "state",
    "updated",
    "in words",
    "class",
    "reply",
    "server",
    "message-id",
)


@dataclass(frozen=True)
class Line:
    """One row, its words and where more is."""

    row: Delivery
    told: words.Told
    link: str


@dataclass(frozen=True)
class Part:
    """What became of a message for one recipient, attempt by attempt."""

    row: Delivery
    told: words.Told
    attempts: list[tuple[Attempt, words.Told, str]]
    """Each with what became of it, and by what it left where that is the reader's matter."""


def _moment(request: HttpRequest, name: str) -> dt.datetime | None:
    """A time of the form in the reader's zone; None: none, or not one."""
    try:
        found = dt.datetime.fromisoformat(request.GET.get(name, ""))
        return found if timezone.is_aware(found) else timezone.make_aware(found)
    except (ValueError, OverflowError):
        return None


def _list(request: HttpRequest, place: Place | None) -> HttpResponseBase:
    now = timezone.now()
    rows = queries.deliveries(
        actor_in(request),
        mailbox=place.mailbox.pk if place else None,
        search=request.GET.get("q", "")[:400],
        since=_moment(request, "since"),
        until=_moment(request, "until"),
        **{name: request.GET.get(name, "")[:253] for name in _CHOICES},
    )
    if wants_csv(request):
        rows = rows.select_related("message")[:MOST_IN_FILE]
        return csv_file("delivery", _HEADS, rows, lambda row: _cells(row, now))
    found = listing(
        request,
        rows,
        sorts={"time": ("at", "pk")},
        default="-time",
        vast=True,
        hint=gettext("Whole address, Message-ID or subject"),
    )
    lines = [Line(row, words.tell_of(row, now), _link(place, row.pk)) for row in found.rows]
    context = {
        "listing": found,
        "lines": lines,
        "asked": {name: request.GET.get(name, "")[:253] for name in _ASKED},
        "filtered": any(request.GET.get(name) for name in ("q", *_ASKED)),
        "states": words.short_words(),
        "causes": words.cause_words(),
    }
    return _render(request, "list", place, context)


def _link(place: Place | None, *number: int) -> str:
    if place is None:
        return reverse("delivery:message", args=number) if number else reverse("delivery:list")
    return place.link("delivery-message" if number else "delivery", *number)


def _render(
    request: HttpRequest, name: str, place: Place | None, context: dict[str, Any]
) -> HttpResponseBase:
    frame = "hosting/mailbox/base.html" if place else "web/page.html"
    known = {"frame": frame, "place": place, "list_link": _link(place), **context}
    return render(request, f"delivery/{name}.html", known)


def _cells(row: Delivery, now: dt.datetime) -> tuple[str, ...]:
    return (
        row.at.isoformat(timespec="seconds"),
        row.side,
        row.sender,
        row.recipient,
        row.original,
        row.state,
        row.updated.isoformat(timespec="seconds"),
        words.tell_of(row, now).sentence,
        row.cause,
        row.reply,
        row.relay,
        row.message.message_id if row.message else "",
    )


def _message(request: HttpRequest, place: Place | None, message: int) -> HttpResponseBase:
    actor, now = actor_in(request), timezone.now()
    mailbox = place.mailbox.pk if place else None
    delivery = queries.delivery_numbered(actor, message, mailbox=mailbox)
    names = queries.names_of_ways(actor)
    parts = [
        Part(
            row,
            words.tell_of(row, now),
            [
                (one, words.tell_of(one, now), words.way_words(one.source, names) if names else "")
                for one in queries.attempts_of(row)
            ],
        )
        for row in queries.recipients_of(actor, delivery, mailbox=mailbox)
    ]
    context = {"delivery": delivery, "message": delivery.message, "parts": parts}
    return _render(request, "message", place, context)


@page("delivery.view")
def delivery_list(request: HttpRequest) -> HttpResponseBase:
    """Everything that the reader may see."""
    return _list(request, None)


@page("delivery.view")
def delivery_message(request: HttpRequest, message: int) -> HttpResponseBase:
    """One message."""
    return _message(request, None, message)


@page("delivery.view")
def mailbox_list(request: HttpRequest, number: int | None = None) -> HttpResponseBase:
    """The messages of one mailbox."""
    return _list(request, mailbox_in(request, number, "delivery"))


@page("delivery.view")
def mailbox_message(
    request: HttpRequest, message: int, number: int | None = None
) -> HttpResponseBase:
    """One message of a mailbox."""
    return _message(request, mailbox_in(request, number, "delivery"), message)
