"""Customers: limits, suspension."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.db import transaction

from mailstead.control.feed import services as feed
from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Customer, Domain, Package
from mailstead.control.hosting.services.common import (
    checked_size,
    checked_text,
    commit,
    facts,
    locked,
    refuse_higher,
)
from mailstead.control.hosting.services.usage import settle_pool
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.address import destination_address
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange


def _checked_name(name: str) -> str:
    bare = checked_text(name.strip(), "customer's name", 120)
    if not bare:
        raise Refusal("customer-name-empty", "A customer needs a name.", remedy="Give one.")
    return bare


def _checked_limit(limit: int | None) -> int | None:
    if limit is not None and not 0 <= limit <= 1_000_000:
        raise Refusal(
            "limit-invalid",
            "The limit must be from 0 to 1000000.",
            remedy="Give another number.",
        )
    return limit


@transaction.atomic
def create_customer(
    *,
    actor: Actor,
    now: dt.datetime,
    name: str,
    email: str = "",
    quota: int = 0,
    mailbox_limit: int | None = None,
    domain_limit: int | None = None,
    package: Package | None = None,
    is_reseller: bool = False,
) -> Customer:
    """A new customer; `quota` bytes of pooled storage, 0 for no limit.

    A `package` gives the limits instead. Who is made by a reseller belongs to that one.
    """
    if is_reseller:
        roles.require(actor, "customer.make-reseller")
    if package is not None:
        quota, mailbox_limit = package.quota, package.mailbox_limit
        domain_limit = package.domain_limit
    bare = _checked_name(name)
    if Customer.objects.filter(name__iexact=bare).exists():
        raise Refusal(
            "customer-exists",
            "There is a customer '{bare}' already.",
            remedy="Choose another name.",
            bare=bare,
        )
    customer = Customer.objects.create(
        name=bare,
        email=str(destination_address(email)) if email else "",
        quota=checked_size(quota, "storage quota"),
        mailbox_limit=_checked_limit(mailbox_limit),
        domain_limit=_checked_limit(domain_limit),
        package=package,
        is_reseller=is_reseller,
        reseller_id=actor.customer if actor.kind == "reseller" else None,
        created_at=now,
    )
    commit(
        actor=actor,
        now=now,
        verb="create",
        row=customer,
        label=bare,
        before=None,
        changes=(),
        server=None,
    )
    return customer


@transaction.atomic
def update_customer(
    *,
    actor: Actor,
    now: dt.datetime,
    customer: Customer,
    name: str | None = None,
    email: str | None = None,
    quota: int | None = None,
    mailbox_limit: int | None = None,
    no_mailbox_limit: bool = False,
    domain_limit: int | None = None,
    no_domain_limit: bool = False,
) -> None:
    """Change what is given; a smaller limit keeps the mailboxes that are there."""
    locked(customer)
    before = facts(customer)
    if name is not None:
        bare = _checked_name(name)
        if Customer.objects.filter(name__iexact=bare).exclude(pk=customer.pk).exists():
            raise Refusal(
                "customer-exists",
                "There is a customer '{bare}' already.",
                remedy="Choose another name.",
                bare=bare,
            )
        customer.name = bare
    if email is not None:
        customer.email = str(destination_address(email)) if email else ""
    if quota is not None:
        customer.quota = checked_size(quota, "storage quota")
    if mailbox_limit is not None or no_mailbox_limit:
        customer.mailbox_limit = None if no_mailbox_limit else _checked_limit(mailbox_limit)
    if domain_limit is not None or no_domain_limit:
        customer.domain_limit = None if no_domain_limit else _checked_limit(domain_limit)
    customer.save()
    _commit(actor, now, "update", customer, before)
    settle_pool(customer, now)


def _commit(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    customer: Customer,
    before: dict[str, object],
    reason: str = "",
) -> None:
    commit(
        actor=actor,
        now=now,
        verb=verb,
        row=customer,
        label=customer.name,
        before=before,
        changes=(),
        server=None,
        reason=reason,
    )


def _tell_domains(customer: Customer, now: dt.datetime) -> None:
    by_server: dict[str, list[AnyChange]] = defaultdict(list)
    domains = Domain.objects.filter(customer=customer, removed_at=None)
    for domain in domains.select_related("customer", "alias_of", "server"):
        by_server[domain.server.name].append(messages.domain_put(domain))
    for server, changes in by_server.items():
        feed.publish(server=server, changes=changes, now=now)


@transaction.atomic
def suspend_customer(*, actor: Actor, now: dt.datetime, customer: Customer, reason: str) -> None:
    """No log-in and no sending for all their mailboxes; mail is still received."""
    locked(customer)
    before = facts(customer)
    customer.suspended = True
    customer.suspended_reason = checked_text(reason, "reason", 300)
    customer.suspended_by = actor.kind
    customer.save()
    _commit(actor, now, "suspend", customer, before, reason)
    _tell_domains(customer, now)


@transaction.atomic
def resume_customer(*, actor: Actor, now: dt.datetime, customer: Customer) -> None:
    """The suspension ends."""
    locked(customer)
    before = facts(customer)
    refuse_higher(actor, customer.suspended_by)
    customer.suspended = False
    customer.suspended_reason = ""
    customer.suspended_by = ""
    customer.save()
    _commit(actor, now, "resume", customer, before)
    _tell_domains(customer, now)


@transaction.atomic
def remove_customer(*, actor: Actor, now: dt.datetime, customer: Customer) -> None:
    """Remove a customer who has no domains left, removed ones within their grace included."""
    if customer.domains.exists():
        raise Refusal(
            "customer-in-use",
            "'{name}' still has domains, or removed ones within their grace period.",
            remedy="Remove the domains first.",
            name=customer.name,
        )
    locked(customer)
    before = facts(customer)
    commit(
        actor=actor,
        now=now,
        verb="remove",
        row=customer,
        label=customer.name,
        before=before,
        changes=(),
        server=None,
        gone=True,
    )
    number = customer.pk
    customer.delete()
    people.end_customer(customer=number)


@transaction.atomic
def note_acting(*, actor: Actor, now: dt.datetime, customer: Customer, reason: str) -> None:
    """Write into the customer's trail that somebody acts in their place from now on, and why."""
    clean = checked_text(reason.strip(), "reason", 300)
    if not clean:
        raise Refusal("reason-missing", "A reason is missing.", remedy="Say why.")
    _commit(actor, now, "act-as", customer, facts(customer), clean)
