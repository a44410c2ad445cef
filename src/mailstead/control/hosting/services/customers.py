"""Customers: limits, suspension."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import ProtectedError, Q

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Brand, Customer, Domain, Package
from mailstead.control.hosting.services.common import (
    checked_size,
    checked_text,
    commit,
    facts,
    locked,
    refuse_higher,
)
from mailstead.control.hosting.services.feeds import Post
from mailstead.control.hosting.services.mailboxes import outside_address
from mailstead.control.hosting.services.sending import tell_customer
from mailstead.control.hosting.services.usage import settle_pool
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal


def _checked_name(name: str) -> str:
    bare = checked_text(name.strip(), "customer's name", 120)
    if not bare:
        raise Refusal("customer-name-empty", "A customer needs a name.", remedy="Give one.")
    return bare


def checked_limit(limit: int | None) -> int | None:
    """A limit that may be stored, None for none; raises `Refusal`."""
    if limit is not None and not 0 <= limit <= 1_000_000:
        raise Refusal(
            "limit-invalid",
            "The limit must be from 0 to 1000000.",
            remedy="Give another number.",
        )
    return limit


def _refuse_foreign(package: Package, reseller: int | None) -> None:
    """A package is given by whose it is: the company to its customers, a reseller to the own."""
    if package.owner_id != reseller:
        raise Refusal(
            "package-unknown", "There is no such package here.", remedy="Choose another one."
        )


def _refuse_name(name: str, besides: int = 0) -> str:
    bare = _checked_name(name)
    if Customer.objects.filter(name__iexact=bare).exclude(pk=besides).exists():
        raise Refusal(
            "customer-exists",
            "There is a customer '{name}' already.",
            remedy="Choose another name.",
            name=bare,
        )
    return bare


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
    invite: bool = False,
    brand: str = "",
) -> Customer:
    """A new customer; `quota` bytes of pooled storage, 0 for no limit.

    A `package` gives the limits instead. Who is made by a reseller belongs to that one. `email`
    must lie outside the hosted domains; with `invite` it gets a link to a log-in, in the name of
    `brand`.
    """
    if is_reseller:
        roles.require(actor, "customer.make-reseller")
    reseller = actor.customer if actor.kind == "reseller" else None
    if package is not None:
        _refuse_foreign(package, reseller)
        quota, mailbox_limit = package.quota, package.mailbox_limit
        domain_limit = package.domain_limit
    bare = _refuse_name(name)
    customer = Customer.objects.create(
        name=bare,
        email=outside_address(email),
        quota=checked_size(quota, "storage quota"),
        mailbox_limit=checked_limit(mailbox_limit),
        domain_limit=checked_limit(domain_limit),
        package=package,
        is_reseller=is_reseller,
        reseller_id=reseller,
        sending_mailbox=package.sending_mailbox if package else {},
        sending_total=package.sending_total if package else {},
        created_at=now,
    )
    _commit(actor, now, "create", customer, None)
    if invite:
        _invite(actor, now, customer, brand)
    return customer


def _invite(actor: Actor, now: dt.datetime, customer: Customer, brand: str) -> None:
    if not customer.email:
        raise Refusal(
            "email-missing",
            "An invitation needs a contact address.",
            remedy="Give one.",
        )
    people.invite(
        actor=actor,
        now=now,
        email=customer.email,
        role="reseller" if customer.is_reseller else "customer",
        customer=customer.pk,
        brand=brand,
    )


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
    package: Package | None = None,
) -> None:
    """Change what is given; a smaller limit keeps the mailboxes that are there.

    A `package` gives all limits instead; limits of its own take the customer out of its package.
    """
    locked(customer)
    before = facts(customer)
    if name is not None:
        customer.name = _refuse_name(name, customer.pk)
    if email is not None and email.strip().lower() != customer.email:
        customer.email = outside_address(email)
    if package is not None:
        _refuse_foreign(package, customer.reseller_id)
        take_package(customer, package)
    else:
        if quota is not None:
            customer.quota = checked_size(quota, "storage quota")
        if mailbox_limit is not None or no_mailbox_limit:
            customer.mailbox_limit = None if no_mailbox_limit else checked_limit(mailbox_limit)
        if domain_limit is not None or no_domain_limit:
            customer.domain_limit = None if no_domain_limit else checked_limit(domain_limit)
        if customer.package is not None and limits_of(customer) != limits_of(customer.package):
            customer.package = None
    sending = before["sending_mailbox"], before["sending_total"]
    customer.save()
    _commit(actor, now, "update", customer, before)
    settle_pool(customer, now)
    if sending != (customer.sending_mailbox, customer.sending_total):
        tell_customer(customer, now)


_LIMITS = ("quota", "mailbox_limit", "domain_limit", "sending_mailbox", "sending_total")
"""What a package gives."""


def limits_of(row: Customer | Package) -> dict[str, object]:
    """Storage in bytes, mailboxes, domains, and what may be sent."""
    return {name: getattr(row, name) for name in _LIMITS}


def take_package(customer: Customer, package: Package) -> None:
    """The package's limits become the customer's; the caller saves."""
    customer.package = package
    for name, value in limits_of(package).items():
        setattr(customer, name, value)


@transaction.atomic
def set_reseller(*, actor: Actor, now: dt.datetime, customer: Customer, is_reseller: bool) -> None:
    """Let a customer have customers of its own, or no longer; its people change with it.

    Who is a reseller no longer loses packages and brand.
    """
    locked(customer)
    if customer.is_reseller == is_reseller:
        return
    before = facts(customer)
    if is_reseller and customer.reseller_id is not None:
        raise Refusal(
            "reseller-below",
            "'{name}' is the customer of a reseller and cannot be one.",
            remedy="Make a customer of the company's own for this.",
            name=customer.name,
        )
    if customer.customers.exists():
        raise Refusal(
            "reseller-in-use",
            "'{name}' still has customers.",
            remedy="Remove them first.",
            name=customer.name,
        )
    customer.is_reseller = is_reseller
    customer.save()
    if not is_reseller:
        customer.packages.all().delete()
        Brand.objects.filter(customer=customer).delete()
    old, new = ("customer", "reseller") if is_reseller else ("reseller", "customer")
    people.change_role(customer=customer.pk, old=old, new=new)
    _commit(actor, now, "make-reseller", customer, before)


def _commit(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    customer: Customer,
    before: dict[str, object] | None,
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
    post = Post()
    # A reseller's suspension holds for its customers' domains too.
    whose = Q(customer=customer) | Q(customer__reseller=customer)
    domains = Domain.objects.filter(whose, removed_at=None, proven=True)
    for domain in domains.select_related("customer__reseller", "alias_of", "server", "second"):
        post.add(domain, messages.domain_put(domain))
    post.send(now)


@transaction.atomic
def suspend_customer(*, actor: Actor, now: dt.datetime, customer: Customer, reason: str) -> None:
    """No log-in and no sending for all their mailboxes; mail is still received.

    A reseller's suspension holds for the mailboxes of its customers too.
    """
    locked(customer)
    before = facts(customer)
    if customer.suspended:
        refuse_higher(actor, customer.suspended_by)
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
    if customer.customers.exists():
        raise Refusal(
            "customer-in-use",
            "'{name}' still has customers.",
            remedy="Remove them first.",
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
    try:
        customer.delete()
    except ProtectedError as error:
        # An upper floor's things, which this one does not know by name.
        raise Refusal(
            "customer-in-use",
            "'{name}' still has DNS zones here.",
            remedy="Remove the zones first.",
            name=customer.name,
        ) from error
    people.end_customer(customer=number)


@transaction.atomic
def note_acting(*, actor: Actor, now: dt.datetime, customer: Customer, reason: str) -> None:
    """Write into the customer's trail that somebody acts in their place from now on, and why."""
    clean = checked_text(reason.strip(), "reason", 300)
    if not clean:
        raise Refusal("reason-missing", "A reason is missing.", remedy="Say why.")
    _commit(actor, now, "act-as", customer, facts(customer), clean)
