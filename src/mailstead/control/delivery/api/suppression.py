"""Recipients who are not there, and complaints, for programs."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.models import Complaint, Suppression
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turn, paged

router = Router(tags=["Delivery"])


class SuppressionOut(Schema):
    """A recipient to whom one mailbox does not write for a while."""

    id: int
    address: str = Field(description="The mailbox.")
    recipient: str
    since: dt.datetime
    until: dt.datetime
    turn: int = Field(description="The how manieth for this pair; each lasts longer.")
    reply: str = Field(description="What the recipient's server said last.")
    relay: str
    dsn: str
    ended: dt.datetime | None
    end: str = Field(
        description="`released`, `expired`, `delivered` (somebody here reached them), `removed`; "
        "empty: it holds."
    )
    ended_by: str


class SuppressionFind(Turn):
    """Which ones."""

    q: str = Field("", max_length=320, description="Part of an address.")
    which: Literal["held", "ended", "all"] = Field("held", description="Those that hold, or not.")


class ComplaintOut(Schema):
    """A report that a message of ours was called spam (RFC 5965)."""

    id: int
    received: dt.datetime
    kind: str
    reporter: str
    recipient: str = Field(description="Who complained; empty: it was not told.")
    source: str
    message_id: str
    delivery: int | None = Field(description="The row of `/deliveries`; null: not known.")


class ComplaintFind(Turn):
    """Which ones."""

    q: str = Field("", max_length=320, description="A whole address or Message-ID.")


_ENDED = {"held": False, "ended": True, "all": None}


def _suppression(row: Suppression) -> dict[str, object]:
    return {name: getattr(row, name) for name in SuppressionOut.model_fields}


def _complaint(row: Complaint) -> dict[str, object]:
    return {name: getattr(row, name) for name in ComplaintOut.model_fields}


@router.get("/suppressions", response=Page[SuppressionOut], summary="List unreachable recipients")
@operation("suppression.view")
def list_suppressions(request: HttpRequest, find: Query[SuppressionFind]) -> object:
    """Recipients whose own servers said more than once that they do not exist, newest first."""
    rows = queries.suppressions(caller(request), search=find.q, ended=_ENDED[find.which])
    return paged(rows, find, _suppression, newest_first=True)


@router.get("/suppressions/{number}", response=SuppressionOut, summary="Show one")
@operation("suppression.view")
def show_suppression(request: HttpRequest, number: Path[Number]) -> object:
    """One of them."""
    return _suppression(queries.suppression_numbered(caller(request), number))


@router.post("/suppressions/{number}/release", response=SuppressionOut, summary="Allow it again")
@operation("suppression.release")
def release_suppression(request: HttpRequest, number: Path[Number]) -> object:
    """Let the mailbox write to the recipient again; one that has ended stays as it is."""
    actor = caller(request)
    row = queries.suppression_numbered(actor, number)
    services.release(actor=actor, now=timezone.now(), suppression=row)
    return _suppression(row)


@router.get("/complaints", response=Page[ComplaintOut], summary="List complaints")
@operation("complaint.view")
def list_complaints(request: HttpRequest, find: Query[ComplaintFind]) -> object:
    """Reports that messages of yours were called spam, newest first."""
    rows = queries.complaints(caller(request), search=find.q)
    return paged(rows, find, _complaint, newest_first=True)
