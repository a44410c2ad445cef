"""DNS lists that name an address or a name of ours, and how receivers answer, for programs."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.models import Listing
from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.api.found import Named
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Page, Turn, paged

router = Router(tags=["Reputation"])
PATIENCE = 20.0
"""Seconds for which the answer of a node is waited for."""


class ListingOut(Schema):
    """An entry in a list."""

    id: int
    server: str
    subject: str = Field(description="IPv4 or IPv6 address, or domain name.")
    zone: str = Field(description="The list.")
    since: dt.datetime
    ended: dt.datetime | None = Field(description="Null: it is still there.")
    answers: list[str]
    words: str = Field(description="The list's own.")


class ListingFind(Turn):
    """Which entries."""

    open: bool = Field(False, description="Only those that are still there.")


class AnswersFind(Schema):
    """Of which days."""

    days: int = Field(7, ge=1, le=90, description="The last so many, today included (UTC).")
    search: str = Field("", max_length=253, description="A receiver, or a `source`.")
    limit: int = Field(200, ge=1, le=1000)


class AnswersOut(Schema):
    """Attempts by one way at one receiver, by what became of them."""

    server: str
    source: str = Field(description="`out-N`: sending address N; `fallback`; `direct`.")
    name: str = Field(description="Of the sending address.")
    receiver: str
    attempts: int
    accepted: int
    reputation: int = Field(description="Refused for the sending address.")
    rate: int = Field(description="Refused because it came too fast.")
    content: int
    policy: int
    other: int = Field(description="Says nothing about the sender.")


class LookedAt(Schema):
    """What the lists say now."""

    listed: list[dict[str, str]] = Field(
        description="`subject`, `zone` and the list's `words` of each."
    )
    silent: list[str] = Field(description="Lists of which nothing can be learnt.")
    under_way: bool = Field(description="The node has not answered yet.")


def _facts(row: Listing) -> dict[str, object]:
    return {name: getattr(row, name) for name in ListingOut.model_fields}


@router.get("/reputation/listings", response=Page[ListingOut], summary="List entries in DNS lists")
@operation("reputation.view")
def find_listings(request: HttpRequest, find: Query[ListingFind]) -> object:
    """Those that are there, and those that were there in the last year."""
    rows = queries.listings(caller(request), open_only=find.open)
    return paged(rows, find, _facts, newest_first=True)


@router.get("/reputation/receivers", response=list[AnswersOut], summary="List how receivers answer")
@operation("reputation.view")
def find_answers(request: HttpRequest, find: Query[AnswersFind]) -> object:
    """Those first that refuse most for reputation."""
    today = timezone.now().astimezone(dt.UTC).date()
    return queries.receiver_answers(
        caller(request), today, days=find.days, search=find.search, limit=find.limit
    )


@router.post(
    "/servers/{server}/reputation/look", response=LookedAt, summary="Ask the DNS lists now"
)
@operation("reputation.check", waits=True)
def look_at_lists(request: HttpRequest, server: Named) -> dict[str, object]:
    """Have the server ask every list for every address and name that it has."""
    actor = caller(request)
    found = hosting.server_named(actor, server)
    answer = services.look_at_lists(actor=actor, now=timezone.now(), server=found, seconds=PATIENCE)
    return {
        "listed": [
            {"subject": one.subject, "zone": one.zone, "words": one.words}
            for one in (answer.listed if answer else ())
        ],
        "silent": list(answer.silent) if answer else [],
        "under_way": answer is None,
    }
