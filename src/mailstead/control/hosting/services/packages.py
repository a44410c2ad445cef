"""Packages: limits under a name, the company's own or a reseller's."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.hosting.models import Customer, Package
from mailstead.control.hosting.services.common import (
    checked_size,
    checked_text,
    commit,
    facts,
    locked,
)
from mailstead.control.hosting.services.customers import (
    checked_limit,
    limits_of,
    update_customer,
)
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal


def _checked_name(name: str, owner: int | None, besides: int = 0) -> str:
    bare = checked_text(name.strip(), "package's name", 80)
    if not bare:
        raise Refusal("package-name-empty", "A package needs a name.", remedy="Give one.")
    same = Package.objects.filter(owner_id=owner, name__iexact=bare).exclude(pk=besides)
    if same.exists():
        raise Refusal(
            "package-exists",
            "There is a package '{name}' already.",
            remedy="Choose another name.",
            name=bare,
        )
    return bare


def _commit(
    actor: Actor, now: dt.datetime, verb: str, package: Package, before: dict[str, object] | None
) -> None:
    commit(
        actor=actor,
        now=now,
        verb=verb,
        row=package,
        label=package.name,
        before=before,
        changes=(),
        server=None,
        gone=verb == "remove",
    )


@transaction.atomic
def create_package(
    *,
    actor: Actor,
    now: dt.datetime,
    name: str,
    quota: int = 0,
    mailbox_limit: int | None = None,
    domain_limit: int | None = None,
) -> Package:
    """A new package: a reseller's own when a reseller makes it, else the company's.

    `quota` is bytes of storage, 0 for no limit; None is no limit of mailboxes or domains.
    """
    owner = actor.customer if actor.kind == "reseller" else None
    package = Package.objects.create(
        owner_id=owner,
        name=_checked_name(name, owner),
        quota=checked_size(quota, "storage quota"),
        mailbox_limit=checked_limit(mailbox_limit),
        domain_limit=checked_limit(domain_limit),
    )
    _commit(actor, now, "create", package, None)
    return package


@transaction.atomic
def update_package(
    *,
    actor: Actor,
    now: dt.datetime,
    package: Package,
    name: str,
    quota: int,
    mailbox_limit: int | None,
    domain_limit: int | None,
) -> None:
    """Another name and other limits; who has the package keeps the old ones (`apply_package`)."""
    locked(package)
    before = facts(package)
    package.name = _checked_name(name, package.owner_id, package.pk)
    package.quota = checked_size(quota, "storage quota")
    package.mailbox_limit = checked_limit(mailbox_limit)
    package.domain_limit = checked_limit(domain_limit)
    package.save()
    _commit(actor, now, "update", package, before)


@transaction.atomic
def apply_package(*, actor: Actor, now: dt.datetime, package: Package) -> int:
    """Give the package as it is now to every customer who has it; returns how many changed.

    Nothing is taken from anybody who has more than a limit allows: it only says what comes next.
    """
    locked(package)
    changed = 0
    for customer in Customer.objects.filter(package=package).order_by("pk"):
        if limits_of(customer) != limits_of(package):
            update_customer(actor=actor, now=now, customer=customer, package=package)
            changed += 1
    return changed


@transaction.atomic
def remove_package(*, actor: Actor, now: dt.datetime, package: Package) -> None:
    """Remove a package; its customers keep their limits."""
    locked(package)
    before = facts(package)
    _commit(actor, now, "remove", package, before)
    package.delete()
