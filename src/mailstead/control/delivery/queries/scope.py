"""What an actor sees of rows that name their owners by number."""

from __future__ import annotations

from django.db.models import Q

from mailstead.control.hosting.models import Customer
from mailstead.control.people.actor import Actor


def of_rows(actor: Actor) -> Q:
    """Rows with `customer`, `domain` and `mailbox` that are the actor's."""
    if actor.sees_everything:
        return Q()
    if actor.kind == "reseller":
        sold = Customer.objects.filter(reseller=actor.customer).values_list("pk", flat=True)
        return Q(customer__in=[actor.customer, *sold])
    if actor.kind == "customer":
        return Q(customer=actor.customer)
    if actor.kind == "domain_admin":
        return Q(customer=actor.customer, domain__in=actor.domains)
    if actor.kind == "mailbox":
        return Q(mailbox=actor.mailbox)
    return Q(pk__in=())
