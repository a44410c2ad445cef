"""Acting in a customer's place over the API: header by header, downward only, with a reason."""

from __future__ import annotations

import datetime as dt
import hashlib
from urllib.parse import unquote

from django.core.cache import cache

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.middleware import customer_actor, may_act_as
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

NOTED_FOR = 86400
"""Seconds for which one entry in the customer's trail is enough for the same token and reason."""


def stand_in(actor: Actor, token: int, customer: str, reason: str, now: dt.datetime) -> Actor:
    """The actor in the customer's place; raises `Refusal`. `reason` may be percent-encoded."""
    roles.require(actor, "customer.act-as")
    number = int(customer) if customer.isascii() and customer.isdigit() else 0
    if not 0 < number < 2**63:
        raise Refusal("customer-unknown", "There is no such customer.")
    found = queries.customer_numbered(actor, number)
    if not may_act_as(actor, found):
        raise Refusal("customer-unknown", "There is no such customer.")
    words = " ".join(unquote(reason).split())
    if not words:
        raise Refusal(
            "reason-missing",
            "Who acts in another's place says why.",
            remedy="Send the header Mailstead-Reason; the customer reads it.",
        )
    key = "api-acting:" + hashlib.sha256(f"{token}:{number}:{words}".encode()).hexdigest()
    if not cache.get(key):
        services.note_acting(actor=actor, now=now, customer=found, reason=words)
        cache.set(key, True, NOTED_FOR)
    return actor.standing_in(customer_actor(found), words[:300])
