"""What the overview of the company, or of a reseller, is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.core.cache import cache
from django.db.models import Q

from mailstead.control.hosting.models import Customer, Domain, Mailbox
from mailstead.control.hosting.queries.company import AtLimit, at_their_limits
from mailstead.control.hosting.queries.scope import of_customers, of_domains, of_mailboxes
from mailstead.control.people.actor import Actor

_KEPT = 60
"""Seconds for which the company's answer is kept: it counts every mailbox that there is."""


@dataclass(frozen=True)
class Totals:
    """How much there is."""

    customers: int
    suspended: int
    domains: int
    mailboxes: int


def totals(actor: Actor) -> Totals:
    """What the actor sees, the own account not counted as a customer."""
    customers = Customer.objects.filter(of_customers(actor)).exclude(pk=actor.customer)
    stopped = Q(suspended=True) | Q(reseller__suspended=True)
    return Totals(
        customers=customers.count(),
        suspended=customers.filter(stopped).count(),
        domains=Domain.objects.filter(of_domains(actor), removed_at=None).count(),
        mailboxes=Mailbox.objects.filter(of_mailboxes(actor), removed_at=None).count(),
    )


def limits_reached(actor: Actor) -> list[AtLimit]:
    """Customers at their limits; the company's answer may be a minute old."""
    if not actor.sees_everything:
        return at_their_limits(actor)
    kept = cache.get("limits-reached")
    if kept is None:
        kept = [asdict(one) for one in at_their_limits(actor)]
        cache.set("limits-reached", kept, _KEPT)
    return [AtLimit(**one) for one in kept]
