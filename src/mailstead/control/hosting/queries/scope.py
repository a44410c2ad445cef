"""What an actor sees: the condition with which every query of hosting begins."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from mailstead.control.hosting.models import Customer, Domain, Mailbox
from mailstead.control.people.actor import Actor

M = TypeVar("M", bound=Model)
_NOTHING = Q(pk__in=())


def of_customers(actor: Actor, prefix: str = "") -> Q:
    """Rows of customers whom the actor sees; `prefix` is the way to the customer, `domain__…__`."""
    if actor.sees_everything:
        return Q()
    if actor.kind == "reseller":
        return Q(**{f"{prefix}pk": actor.customer}) | Q(**{f"{prefix}reseller_id": actor.customer})
    if actor.kind in ("customer", "domain_admin"):
        return Q(**{f"{prefix}pk": actor.customer})
    return _NOTHING


def of_domains(actor: Actor, prefix: str = "") -> Q:
    """Rows of domains that the actor sees; `prefix` is the way to the domain."""
    if actor.kind == "domain_admin":
        return Q(**{f"{prefix}pk__in": actor.domains, f"{prefix}customer_id": actor.customer})
    return of_customers(actor, f"{prefix}customer__")


def of_mailboxes(actor: Actor, prefix: str = "") -> Q:
    """Rows of mailboxes that the actor sees; `prefix` is the way to the mailbox."""
    if actor.kind == "mailbox":
        return Q(**{f"{prefix}pk": actor.mailbox})
    return of_domains(actor, f"{prefix}domain__")


def of_addresses(rows: QuerySet[M], actor: Actor) -> QuerySet[M]:
    """Rows with `domain` and `local`: a mailbox user sees those of the own address."""
    if actor.kind != "mailbox":
        return rows.filter(of_domains(actor, "domain__"))
    own = Mailbox.objects.filter(pk=actor.mailbox, removed_at=None).first()
    if own is None:
        return rows.none()
    return rows.filter(domain_id=own.domain_id, local=own.local)


def sees_customer(actor: Actor, customer: Customer) -> bool:
    """Whether the customer is in the actor's scope."""
    if actor.sees_everything:
        return True
    if actor.kind == "reseller":
        return actor.customer in (customer.pk, customer.reseller_id)
    return actor.kind in ("customer", "domain_admin") and customer.pk == actor.customer


def sees_domain(actor: Actor, domain: Domain) -> bool:
    """Whether the domain is in the actor's scope; needs the customer fetched."""
    if actor.kind == "domain_admin":
        return domain.pk in actor.domains and domain.customer_id == actor.customer
    return sees_customer(actor, domain.customer)


def sees_mailbox(actor: Actor, mailbox: Mailbox) -> bool:
    """Whether the mailbox is in the actor's scope; needs domain and customer fetched."""
    if actor.kind == "mailbox":
        return mailbox.pk == actor.mailbox
    return sees_domain(actor, mailbox.domain)
