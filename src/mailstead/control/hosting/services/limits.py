"""How many mailboxes and domains a customer may have, the reseller's own limits included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.db.models import Q

from mailstead.control.hosting.models import Customer, Domain, Mailbox
from mailstead.standards.refusal import Refusal

What = Literal["mailbox", "domain"]


@dataclass
class Room:
    """What one limit leaves: the customer's own, or that of the reseller above."""

    owner: Customer
    """Whose limit it is."""
    limit: int
    held: int


def take(rooms: Sequence[Room], customer: Customer, what: What, more: int) -> None:
    """Count `more` in; raises `Refusal` when one of the limits leaves no room for them."""
    for room in rooms:
        if room.held + more > room.limit:
            raise _no_room(room, customer, what)
    for room in rooms:
        room.held += more


def _no_room(room: Room, customer: Customer, what: What) -> Refusal:
    if room.owner.pk != customer.pk:
        # How much a reseller has is not told to its customers.
        words = {
            "mailbox": "The provider of '{name}' has no room for more mailboxes.",
            "domain": "The provider of '{name}' has no room for more domains.",
        }[what]
        remedy = "The provider must get a higher limit first."
    else:
        words = {
            "mailbox": "'{name}' may have {limit} mailboxes and has {held}.",
            "domain": "'{name}' may have {limit} domains and has {held}.",
        }[what]
        remedy = {
            "mailbox": "Raise the limit or remove a mailbox.",
            "domain": "Raise the limit or remove a domain.",
        }[what]
    return Refusal(
        f"{what}-limit",
        words,
        remedy=remedy,
        name=customer.name,
        limit=room.limit,
        held=room.held,
    )


def _held(owner: Customer, what: What) -> int:
    """How many there are; a reseller's customers use up the reseller's own."""
    way = "domain__customer" if what == "mailbox" else "customer"
    whose = Q(**{way: owner})
    if owner.is_reseller:
        whose |= Q(**{f"{way}__reseller": owner})
    if what == "mailbox":
        return Mailbox.objects.filter(whose, removed_at=None).count()
    return Domain.objects.filter(whose, removed_at=None).count()


def rooms(customer: Customer, what: What) -> list[Room]:
    """The limits that hold for a customer: its own, then its reseller's.

    Each owner's row is locked, so that two who add at the same time wait for each other: first
    the customer's, then the reseller's.
    """
    found: list[Room] = []
    for number in (customer.pk, customer.reseller_id):
        if number is None:
            continue
        # The cheap look first: most have no limit, and then nobody waits.
        bare = Customer.objects.filter(pk=number)
        if bare.values_list(f"{what}_limit", flat=True).first() is None:
            continue
        owner = bare.select_for_update().get()
        limit = getattr(owner, f"{what}_limit")
        if limit is not None:
            found.append(Room(owner, limit, _held(owner, what)))
    return found


def refuse_over_limit(customer: Customer, more: int, what: What = "mailbox") -> None:
    """Refuse when the customer may not have `more` mailboxes or domains."""
    take(rooms(customer, what), customer, what, more)
