"""The delivery log for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema

from mailstead.control.delivery import queries, words
from mailstead.control.delivery.models import Attempt, Delivery
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turn, paged_by_time

router = Router(tags=["Delivery"])


class DeliveryOut(Schema):
    """What became of a message for one recipient."""

    id: int
    at: dt.datetime = Field(description="When the message came.")
    side: str = Field(description="`out`: the sender's, `in`: the recipient's, `none`.")
    sender: str = Field(description="Of the envelope; empty: a notification.")
    recipient: str = Field(description="Empty: it waits for its first attempt.")
    original: str = Field(description="As the sender wrote it, where it led elsewhere.")
    message_id: str
    state: str
    updated: dt.datetime
    tries: int
    next_try: dt.datetime | None = Field(description="About when.")
    words: str = Field(description="The same for people.")
    advice: str = Field(description="What the sender can do about it; empty: nothing.")
    cause: str = Field(
        description="Class of the failure: `no-mailbox`, `full`, `policy`, `reputation`, "
        "`content`, `rate`, `tls`, `later`, `soft`, `hard`; empty: nothing failed."
    )
    dsn: str = Field(description="Enhanced status code.")
    reply: str
    relay: str = Field(description="The other side's server.")
    folder: str
    forwarded: list[str]
    client: str


class AttemptOut(Schema):
    """One attempt."""

    at: dt.datetime
    outcome: str
    cause: str
    dsn: str
    reply: str
    relay: str
    folder: str
    next_try: dt.datetime | None
    words: str = Field(description="The same for people.")
    left_by: str = Field(description="By what it left, in words; for the company only.")


class RecipientOut(DeliveryOut):
    """One recipient with all attempts."""

    attempts: list[AttemptOut]


class MessageOut(Schema):
    """A message and those of its recipients of whom you may know."""

    id: int
    size: int | None = Field(description="Bytes.")
    queue: str = Field(description="Its number in the node's queue; empty: it was refused.")
    direction: str
    recipients: list[RecipientOut]


class DeliveryFind(Turn):
    """Which rows."""

    q: str = Field("", max_length=320, description="A whole address, Message-ID or subject.")
    since: dt.datetime | None = Field(None, description="Of messages that came then or later.")
    until: dt.datetime | None = Field(None, description="Then or earlier.")
    state: str = Field(
        "",
        max_length=10,
        description="One state, or `trouble`: all in which mail is stuck or lost.",
    )
    cause: str = Field("", max_length=12, description="One class of failures.")
    domain: str = Field(
        "",
        max_length=253,
        description="A hosted domain, or one elsewhere: of those only mail in trouble is found.",
    )


def _facts(row: Delivery) -> dict[str, object]:
    told = words.tell_of(row, timezone.now())
    names = DeliveryOut.model_fields.keys() - {"message_id", "words", "advice"}
    facts: dict[str, object] = {name: getattr(row, name) for name in names}
    return {
        **facts,
        "message_id": row.message.message_id if row.message else "",
        "words": told.sentence,
        "advice": told.advice,
    }


def _attempt(row: Attempt, ways: Mapping[str, str] | None) -> dict[str, object]:
    names = AttemptOut.model_fields.keys() - {"words", "left_by"}
    return {
        **{name: getattr(row, name) for name in names},
        "words": words.tell_of(row, timezone.now()).sentence,
        "left_by": "" if ways is None else words.way_words(row.source, ways),
    }


@router.get("/deliveries", response=Page[DeliveryOut], summary="List deliveries")
@operation("delivery.view")
def find_messages(request: HttpRequest, find: Query[DeliveryFind]) -> object:
    """What became of each message for each recipient, the newest first."""
    rows = queries.deliveries(
        caller(request),
        search=find.q,
        since=_aware(find.since),
        until=_aware(find.until),
        state=find.state,
        cause=find.cause,
        domain=find.domain,
    )
    return paged_by_time(rows.select_related("message"), find, _facts)


def _aware(at: dt.datetime | None) -> dt.datetime | None:
    return at.replace(tzinfo=dt.UTC) if at is not None and at.tzinfo is None else at


@router.get("/deliveries/{number}", response=MessageOut, summary="Show a message")
@operation("delivery.view")
def show_message(request: HttpRequest, number: Path[Number]) -> object:
    """Every attempt for every recipient of whom you may know."""
    actor = caller(request)
    found = queries.delivery_numbered(actor, number)
    ways = queries.names_of_ways(actor) if actor.sees_everything else None
    return {
        "id": found.pk,
        "size": found.message.size if found.message else None,
        "queue": found.message.queue if found.message else "",
        "direction": found.message.direction if found.message else "",
        "recipients": [
            {**_facts(row), "attempts": [_attempt(one, ways) for one in queries.attempts_of(row)]}
            for row in queries.recipients_of(actor, found)
        ],
    }
