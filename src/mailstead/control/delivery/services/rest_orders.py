"""The operator's word on rests: asked of the node, which tells what became of it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.delivery.models import SendingAddress
from mailstead.control.feed import services as feed
from mailstead.control.hosting.services.node_orders import PATIENCE, answered
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal
from mailstead.wire.orders import RestAddress
from mailstead.wire.pools import EVERYWHERE

LONGEST = dt.timedelta(days=90)


def rest_address(
    *,
    actor: Actor,
    now: dt.datetime,
    address: SendingAddress,
    receiver: str,
    until: dt.datetime | None,
    reason: str = "",
    seconds: float = PATIENCE,
) -> bool:
    """Let an address rest from a receiver (`*`: all) until a time; None ends its rest now.

    Returns whether the node has done it already. Raises `Refusal` (`node-…`, `rest-invalid`).
    """
    where = receiver.strip().lower()
    where = where if where == EVERYWHERE or "." not in where else normalise_domain(where)
    if until is not None and not now < until <= now + LONGEST:
        raise Refusal(
            "rest-invalid",
            "A rest ends in the future, within {days} days.",
            remedy="Pause the address instead.",
            days=LONGEST.days,
        )
    order = RestAddress(address=address.pk, receiver=where, until=until)
    with transaction.atomic():
        roles.require(actor, "sending.rest")
        people.record(
            actor=actor,
            verb="sending.rest",
            kind="sending",
            label=address.helo,
            object_id=address.pk,
            now=now,
            after={"receiver": where, "until": until.isoformat() if until else None},
            reason=reason[:400],
        )
        row = feed.ask(
            server=address.server.name, order=order, key="", actor_name=str(actor), now=now
        )
    return answered(row, seconds) is not None
