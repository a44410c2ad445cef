"""What can be asked of sending addresses; the company's own matter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec
from django.db.models import QuerySet

from mailstead.control.delivery.models import (
    AddressRest,
    RouteChoice,
    SenderMark,
    SendingAddress,
    SendingSettings,
    SentCount,
)
from mailstead.control.hosting.models import Server
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange, SendingPlanPut
from mailstead.wire.pools import CEILINGS, SendingPlan, by_address


def sending_addresses(actor: Actor, *, server: str = "") -> QuerySet[SendingAddress]:
    """The sending addresses, in the order in which they were made."""
    rows = SendingAddress.objects.select_related("server")
    rows = rows if actor.sees_everything else rows.none()
    return (rows.filter(server__name=server) if server else rows).order_by("pk")


def names_of_ways(actor: Actor) -> dict[str, str]:
    """The names of the sending addresses, by `wire.pools.by_address`."""
    rows = sending_addresses(actor).values_list("pk", "helo")
    return {by_address(number): name for number, name in rows}


def sending_address(actor: Actor, number: int) -> SendingAddress:
    """The address of that number; raises `Refusal` (`address-unknown`)."""
    found = sending_addresses(actor).filter(pk=number).first()
    if found is None:
        raise Refusal("address-unknown", "There is no sending address {number}.", number=number)
    return found


def sender_marks(actor: Actor) -> QuerySet[SenderMark]:
    """The marked senders."""
    rows = SenderMark.objects.order_by("sender")
    return rows if actor.sees_everything else rows.none()


def settings_of(server: Server) -> SendingSettings:
    """What holds for all addresses of a server; not stored where nothing was set."""
    found = SendingSettings.objects.filter(server=server).first()
    return found or SendingSettings(server=server)


def rests(actor: Actor, now: dt.datetime, *, address: int | None = None) -> QuerySet[AddressRest]:
    """What rests now, the longest first."""
    rows = AddressRest.objects.filter(ended=None, until__gt=now).order_by("-until", "pk")
    rows = rows if actor.sees_everything else rows.none()
    return rows if address is None else rows.filter(address=address)


def past_rests(actor: Actor, address: int) -> QuerySet[AddressRest]:
    """All that is known of an address's rests, the newest first."""
    rows = AddressRest.objects.filter(address=address).order_by("-pk")
    return rows if actor.sees_everything else rows.none()


def choices(actor: Actor) -> QuerySet[RouteChoice]:
    """When mail began to go another way, the newest first."""
    rows = RouteChoice.objects.order_by("-at", "-pk")
    return rows if actor.sees_everything else rows.none()


def counts(actor: Actor, day: dt.date, *, address: int | None = None) -> QuerySet[SentCount]:
    """How much went on a day, the most first."""
    rows = SentCount.objects.filter(day=day).order_by("-count", "pk")
    rows = rows if actor.sees_everything else rows.none()
    return rows if address is None else rows.filter(address=address)


def plan_of(server: Server) -> SendingPlan:
    """The plan as the node has it."""
    own = settings_of(server)
    relay = {
        "host": own.relay_host,
        "port": own.relay_port,
        "login": own.relay_login,
        "password": own.relay_password,
    }
    plan = {
        "addresses": [
            {
                "number": row.pk,
                "ipv4": row.ipv4,
                "ipv6": row.ipv6,
                "helo": row.helo,
                "state": row.state,
                "classes": row.classes,
                "warm_since": row.warm_since,
            }
            for row in SendingAddress.objects.filter(server=server).order_by("pk")
        ],
        "relay": relay if own.relay_host else None,
        "marks": [
            {"sender": row.sender, "to": row.to} for row in SenderMark.objects.order_by("sender")
        ],
        "ceilings": own.ceilings or list(CEILINGS),
    }
    return msgspec.convert(plan, SendingPlan)


def snapshot(server: str) -> Iterator[AnyChange]:
    """What a node must know of it; nothing where nothing was ever set."""
    row = Server.objects.filter(name=server).first()
    if row is not None and (plan := plan_of(row)) != SendingPlan():
        yield SendingPlanPut(plan=plan)
