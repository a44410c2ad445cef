"""Cases of stolen mailboxes, for programs."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema

from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turn, paged_by_time
from mailstead.control.people.api.schemas import In
from mailstead.control.protection import queries, services, words
from mailstead.control.protection.models import Case, KeptMessage

router = Router(tags=["Protection"])
Choice = Literal["send", "delete"]


class CaseOut(Schema):
    """A mailbox that looks stolen."""

    id: int
    mailbox: str = Field(description="Its address.")
    server: str
    step: str = Field(description="`watched`, `hold`, `suspended`, `released`, as the node says.")
    state: str = Field(description="`open`, `released`, `confirmed`, `closed`.")
    opened: dt.datetime
    told_at: dt.datetime | None = Field(description="When customer and operator were told.")
    waiting: int = Field(description="Held messages on which nobody has decided.")
    held: int
    messages: int = Field(description="Suspicious ones that got out.")
    recipients: int = Field(description="Of those.")
    decided_by: str
    decided_at: dt.datetime | None
    reason: str
    nats: float | None = Field(description="Evidence, for the company only, as the next one.")
    bound: float | None = Field(description="From so much on it counts as stolen.")


class ClueOut(Schema):
    """One thing that speaks for a theft."""

    signal: str
    words: str
    at: dt.datetime
    facts: str | None = Field(description="For the company only, as the next one.")
    nats: float | None


class ClientOut(Schema):
    """From where it was sent."""

    client: str
    country: str
    first: dt.datetime
    last: dt.datetime
    messages: int
    usual: bool


class KeptOut(Schema):
    """A held message."""

    id: int
    queue: str
    taken: dt.datetime
    sender: str
    recipients: list[str] = Field(description="The first ones.")
    recipient_count: int
    size: int
    subject: str
    client: str
    pulled: bool
    decision: str = Field(description="`none`, `send`, `delete`.")
    decided_by: str
    decided_at: dt.datetime | None
    state: str = Field(description="`waiting`, `sent`, `deleted`, `gone`.")


class CaseWhole(CaseOut):
    """One case with all that is known."""

    clues: list[ClueOut]
    clients: list[ClientOut]
    kept: list[KeptOut] = Field(description="The first 500.")


class CaseFind(Turn):
    """Which ones."""

    q: str = Field("", max_length=320, description="Part of the address.")
    state: Literal["", "now", "open", "released", "confirmed", "closed", "watched"] = Field(
        "", description="`now`: all that need somebody."
    )


class Decided(In):
    """What becomes of held messages."""

    decisions: dict[int, Choice] = Field(
        default={}, max_length=queries.MOST_KEPT, description="Number of a message to the choice."
    )
    others: Choice | None = Field(
        default=None, description="For all that are not named; null: they stay held."
    )


class Released(Decided):
    """The release, with a new password for the mailbox."""

    password: str | None = Field(
        default=None, max_length=200, description="Only the company may leave it out."
    )
    reason: str = Field(default="", max_length=300)


class Confirmed(In):
    """It was stolen."""

    reason: str = Field(default="", max_length=300)


_OUT = CaseOut.model_fields.keys() - {"id", "mailbox", "nats", "bound"}


def _case(row: Case, *, weights: bool) -> dict[str, Any]:
    return {
        "id": row.pk,
        "mailbox": row.address,
        **{name: getattr(row, name) for name in _OUT},
        "nats": row.nats if weights else None,
        "bound": row.bound if weights else None,
    }


def _kept(row: KeptMessage) -> dict[str, Any]:
    return {name: getattr(row, name) for name in KeptOut.model_fields}


def _whole(request: HttpRequest, number: int) -> dict[str, Any]:
    actor = caller(request)
    row = queries.case_numbered(actor, number)
    weights = actor.sees_everything
    told = zip(row.clues, words.clues_told(row.clues), strict=True)
    return {
        **_case(row, weights=weights),
        "clues": [
            {
                "signal": plain["signal"],
                "words": one.words,
                "at": one.at,
                "facts": one.facts if weights else None,
                "nats": one.nats if weights else None,
            }
            for plain, one in told
            if weights or one.nats > 0
        ],
        "clients": row.clients,
        "kept": [_kept(one) for one in queries.kept(row)[: queries.MOST_KEPT]],
    }


@router.get("/cases", response=Page[CaseOut], summary="List stolen mailboxes")
@operation("case.view")
def list_cases(request: HttpRequest, find: Query[CaseFind]) -> object:
    """Mailboxes that looked stolen, the newest first."""
    actor = caller(request)
    rows = queries.cases(actor, state=find.state, search=find.q)
    weights = actor.sees_everything
    return paged_by_time(rows, find, lambda row: _case(row, weights=weights), field="opened")


@router.get("/cases/{number}", response=CaseWhole, summary="Show a case")
@operation("case.view")
def show_case(request: HttpRequest, number: Path[Number]) -> object:
    """Why a mailbox looks stolen, from where it sends, and what is held."""
    return _whole(request, number)


@router.post("/cases/{number}/release", response=CaseWhole, summary="Release a mailbox")
@operation("case.release")
def release_case(request: HttpRequest, number: Path[Number], body: Released) -> object:
    """The mailbox sends again; what is not decided stays held."""
    actor = caller(request)
    row = queries.case_numbered(actor, number)
    services.release(
        actor=actor,
        now=timezone.now(),
        case=row,
        password=body.password,
        decisions=dict(body.decisions),
        others=body.others,
        reason=body.reason,
    )
    return _whole(request, number)


@router.post("/cases/{number}/confirm", response=CaseWhole, summary="Confirm a theft")
@operation("case.confirm")
def confirm_case(request: HttpRequest, number: Path[Number], body: Confirmed) -> object:
    """The mailbox sends nothing until it is released."""
    actor = caller(request)
    row = queries.case_numbered(actor, number)
    services.confirm(actor=actor, now=timezone.now(), case=row, reason=body.reason)
    return _whole(request, number)


@router.post("/cases/{number}/decide", response=CaseWhole, summary="Decide on held mail")
@operation("case.decide")
def decide_case(request: HttpRequest, number: Path[Number], body: Decided) -> object:
    """Send or delete held messages; what is decided already stays so."""
    actor = caller(request)
    row = queries.case_numbered(actor, number)
    services.decide(
        actor=actor,
        now=timezone.now(),
        case=row,
        decisions=dict(body.decisions),
        others=body.others,
    )
    return _whole(request, number)
