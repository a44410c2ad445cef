"""Webhooks and the log of their deliveries."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Router, Schema, Status

from mailstead.control.people import queries, services
from mailstead.control.people.actor import Actor
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turning, paged
from mailstead.control.people.api.schemas import In, Text
from mailstead.control.people.models import Webhook

router = Router(tags=["Webhooks"])
Events = list[Text]


class Hook(Schema):
    """An address that is told what was done."""

    id: int
    url: str
    events: list[str] = Field(description="Verbs of the audit trail, `domain.*`; none: all.")
    active: bool
    stopped_words: str = Field(description="Why deliveries have stopped; empty: they have not.")
    created_at: dt.datetime


class HookMade(Hook):
    """A webhook that was just made."""

    secret: str | None = Field(description="Signs deliveries; shown this once.")


class HookNew(In):
    """A new webhook."""

    url: str = Field(min_length=1, max_length=500, description="https, a public address.")
    events: Events = Field(default=[], max_length=50)


class HookChange(In):
    """What is to be changed."""

    url: str | None = Field(None, min_length=1, max_length=500)
    events: Events | None = Field(None, max_length=50)
    active: bool | None = None


class DeliveryOut(Schema):
    """A message to a webhook and how it went."""

    id: int
    verb: str
    created_at: dt.datetime
    tries: int
    status: int | None = Field(description="The last HTTP status; null: no answer.")
    words: str = Field(description="The beginning of the last answer, or why there was none.")
    delivered_at: dt.datetime | None
    next_try_at: dt.datetime | None = Field(description="Null: delivered, or given up.")
    payload: dict[str, object]


def _facts(row: Webhook) -> dict[str, object]:
    return {
        "id": row.pk,
        "url": row.url,
        "events": row.events,
        "active": row.active,
        "stopped_words": row.stopped_words,
        "created_at": row.created_at,
    }


def _found(request: HttpRequest, number: int) -> tuple[Actor, Webhook]:
    actor = caller(request)
    return actor, queries.webhook_numbered(actor, number)


@router.get("/webhooks", response=Page[Hook], summary="List webhooks")
@operation("webhook.view")
def list_webhooks(request: HttpRequest, turn: Turning) -> object:
    """The webhooks of this customer, or of the company."""
    return paged(queries.webhooks(caller(request)), turn, _facts)


@router.post("/webhooks", response={201: HookMade}, summary="Make a webhook")
@operation("webhook.create", secrets=("secret",))
def create_webhook(request: HttpRequest, body: HookNew) -> Status[object]:
    """A reseller's is also told what is done for the own customers, the company's everything."""
    actor = caller(request)
    row, secret = services.create_webhook(
        actor=actor,
        now=timezone.now(),
        customer=actor.customer or None,
        url=body.url,
        events=body.events,
    )
    return Status(201, _facts(row) | {"secret": secret})


@router.get("/webhooks/{number}", response=Hook, summary="Show a webhook")
@operation("webhook.view")
def show_webhook(request: HttpRequest, number: Path[Number]) -> object:
    """One of them."""
    return _facts(_found(request, number)[1])


@router.patch("/webhooks/{number}", response=Hook, summary="Change a webhook")
@operation("webhook.update")
def change_webhook(request: HttpRequest, number: Path[Number], body: HookChange) -> object:
    """Change what is given; `active` true starts one again that has stopped."""
    actor, row = _found(request, number)
    services.update_webhook(
        actor=actor,
        now=timezone.now(),
        webhook=row,
        url=body.url,
        events=body.events,
        active=body.active,
    )
    return _facts(row)


@router.delete("/webhooks/{number}", response={204: None}, summary="Remove a webhook")
@operation("webhook.remove")
def remove_webhook(request: HttpRequest, number: Path[Number]) -> Status[None]:
    """Nothing more is sent there."""
    actor, row = _found(request, number)
    services.remove_webhook(actor=actor, now=timezone.now(), webhook=row)
    return Status(204, None)


@router.get("/webhooks/{number}/deliveries", response=Page[DeliveryOut], summary="List deliveries")
@operation("webhook.view")
def list_deliveries(request: HttpRequest, number: Path[Number], turn: Turning) -> object:
    """What was sent and how it went, the newest first; kept for 30 days."""
    actor, row = _found(request, number)
    rows = queries.deliveries(actor, row)
    return paged(rows, turn, lambda delivery: delivery, newest_first=True)


@router.post(
    "/webhooks/{number}/deliveries/{delivery}/redeliver",
    response={202: DeliveryOut},
    summary="Send a delivery again",
)
@operation("webhook.redeliver")
def redeliver(request: HttpRequest, number: Path[Number], delivery: Path[Number]) -> Status[object]:
    """Once more, now, whatever became of it before."""
    actor, row = _found(request, number)
    found = queries.delivery_numbered(actor, row, delivery)
    services.redeliver(actor=actor, now=timezone.now(), delivery=found)
    return Status(202, found)
