"""Sending addresses for programs: which there are, what rests, and the operator's word on it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.models import AddressRest, RouteChoice, SendingAddress
from mailstead.control.hosting import queries as hosting
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turn, paged
from mailstead.control.people.api.schemas import In

router = Router(tags=["Sending addresses"])
State = Literal["active", "warming", "paused"]
MailClass = Literal["own", "forwarded", "suspect", "notices"]


class AddressOut(Schema):
    """An address by which mail leaves."""

    id: int
    server: str
    name: str = Field(description="As it greets receivers: its PTR record.")
    ipv4: str
    ipv6: str
    state: str = Field(description="`warming`: new, with a ceiling at each receiver and day.")
    classes: list[str] = Field(description="What leaves by it.")
    warm_since: dt.date | None
    note: str


class AddressIn(In):
    """A new one, which the node's machine has already."""

    server: str = Field(max_length=63)
    name: str = Field(max_length=253)
    ipv4: str = Field("", max_length=15)
    ipv6: str = Field("", max_length=45)
    state: State = "warming"
    classes: list[MailClass] = Field(["own"], min_length=1)
    note: str = Field("", max_length=400)


class AddressChange(In):
    """What shall be otherwise."""

    name: str | None = Field(None, max_length=253)
    state: State | None = None
    classes: list[MailClass] | None = Field(None, min_length=1)
    note: str | None = Field(None, max_length=400)


class RestOut(Schema):
    """A rest that lasts."""

    id: int
    address: int
    receiver: str = Field(description="`*`: all.")
    kind: str = Field(description="`reputation`, `rate` or `operator`.")
    since: dt.datetime
    until: dt.datetime
    times: int
    reply: str


class ChoiceOut(Schema):
    """When mail began to go another way."""

    id: int
    at: dt.datetime
    server: str
    mail_class: str
    receiver: str
    way: str = Field(description="`out-N`: address N; `fallback`; `wait`.")
    why: str


class RestIn(In):
    """From whom, and how long."""

    receiver: str = Field("*", max_length=253)
    until: dt.datetime | None = Field(None, description="Null: the rest ends now.")
    reason: str = Field("", max_length=400)


class RestDone(Schema):
    """Whether the node has done it."""

    done: bool = Field(description="False: it has not answered yet.")


def _out(row: SendingAddress) -> AddressOut:
    names = ("ipv4", "ipv6", "state", "classes", "warm_since", "note")
    facts = {name: getattr(row, name) for name in names}
    return AddressOut(id=row.pk, server=row.server.name, name=row.helo, **facts)


def _rest(row: AddressRest) -> RestOut:
    return RestOut(id=row.pk, **{name: getattr(row, name) for name in _REST})


_REST = ("address", "receiver", "kind", "since", "until", "times", "reply")
_CHOICE = ("at", "server", "mail_class", "receiver", "way", "why")


def _choice(row: RouteChoice) -> ChoiceOut:
    return ChoiceOut(id=row.pk, **{name: getattr(row, name) for name in _CHOICE})


@router.get("/sending-addresses", response=Page[AddressOut], summary="List sending addresses")
@operation("sending.view")
def list_addresses(request: HttpRequest, turn: Query[Turn]) -> object:
    """Of all servers."""
    return paged(queries.sending_addresses(caller(request)), turn, _out)


@router.post("/sending-addresses", response={201: AddressOut}, summary="Make a sending address")
@operation("sending.create")
def create_address(request: HttpRequest, body: AddressIn) -> Status[AddressOut]:
    """From now on the server's mail leaves by its sending addresses only."""
    actor, given = caller(request), body.model_dump()
    server = hosting.server_named(actor, given.pop("server"))
    made = services.create_address(
        actor=actor, now=timezone.now(), server=server, helo=given.pop("name"), **given
    )
    return Status(201, _out(made))


@router.get("/sending-addresses/{number}", response=AddressOut, summary="Show a sending address")
@operation("sending.view")
def show_address(request: HttpRequest, number: Path[Number]) -> AddressOut:
    """One of them."""
    return _out(queries.sending_address(caller(request), number))


@router.patch(
    "/sending-addresses/{number}", response=AddressOut, summary="Change a sending address"
)
@operation("sending.update")
def change_address(request: HttpRequest, number: Path[Number], body: AddressChange) -> AddressOut:
    """What is under way ends as it began."""
    actor, given = caller(request), body.model_dump()
    found = queries.sending_address(actor, number)
    services.update_address(
        actor=actor, now=timezone.now(), address=found, helo=given.pop("name"), **given
    )
    return _out(found)


@router.delete(
    "/sending-addresses/{number}", response={204: None}, summary="Remove a sending address"
)
@operation("sending.remove")
def remove_address(request: HttpRequest, number: Path[Number]) -> Status[None]:
    """What waits for it leaves by another one."""
    actor = caller(request)
    found = queries.sending_address(actor, number)
    services.remove_address(actor=actor, now=timezone.now(), address=found)
    return Status(204, None)


@router.post(
    "/sending-addresses/{number}/rest", response=RestDone, summary="Rest a sending address"
)
@operation("sending.rest", waits=True)
def rest_address(request: HttpRequest, number: Path[Number], body: RestIn) -> RestDone:
    """Let it rest from a receiver until a time, or end its rest."""
    actor = caller(request)
    found = queries.sending_address(actor, number)
    done = services.rest_address(
        actor=actor, now=timezone.now(), address=found, **body.model_dump()
    )
    return RestDone(done=done)


@router.get("/sending-rests", response=Page[RestOut], summary="List what rests")
@operation("sending.view")
def list_rests(request: HttpRequest, turn: Query[Turn]) -> object:
    """Which address, from whom, until when, and in whose words why."""
    return paged(queries.rests(caller(request), timezone.now()), turn, _rest)


@router.get("/sending-decisions", response=Page[ChoiceOut], summary="List decisions")
@operation("sending.view")
def list_decisions(request: HttpRequest, turn: Query[Turn]) -> object:
    """When mail of a class to a receiver began to go another way; the newest first."""
    return paged(queries.choices(caller(request)), turn, _choice, newest_first=True)
