"""What is imported row by row, by the same services as single changes; a batch is one transaction.

A row that is refused does not stop the others; one that is there already is said to be so, which
makes a repeated import harmless; one that differs from what is there is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TypeVar

from django.db import transaction

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Autoresponder, Customer, Domain, Forwarder
from mailstead.control.hosting.queries.scope import of_domains
from mailstead.control.hosting.rows import (
    AutoresponderRow,
    CatchAllRow,
    CustomerRow,
    ForwarderRow,
    Result,
)
from mailstead.control.hosting.services.autoresponders import set_autoresponder
from mailstead.control.hosting.services.common import facts
from mailstead.control.hosting.services.customers import create_customer
from mailstead.control.hosting.services.domains import set_catch_all
from mailstead.control.hosting.services.forwarders import set_forwarder
from mailstead.control.hosting.services.routes import checked_route
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.standards.address import forwarder_address, normalise_domain
from mailstead.standards.refusal import Refusal

R = TypeVar("R")


@transaction.atomic
def import_customers(
    *, actor: Actor, now: dt.datetime, rows: Sequence[CustomerRow], dry_run: bool = False
) -> list[Result]:
    """Make the customers of one batch; with `dry_run` only say what would be refused."""
    return _one_by_one(rows, lambda row: _import_customer(actor, now, row), dry_run)


@transaction.atomic
def import_forwarders(
    *, actor: Actor, now: dt.datetime, rows: Sequence[ForwarderRow], dry_run: bool = False
) -> list[Result]:
    """Make the forwarders of one batch; with `dry_run` only say what would be refused."""
    return _one_by_one(rows, lambda row: _import_forwarder(actor, now, row), dry_run)


@transaction.atomic
def import_catch_alls(
    *, actor: Actor, now: dt.datetime, rows: Sequence[CatchAllRow], dry_run: bool = False
) -> list[Result]:
    """Set the catch-alls of one batch; with `dry_run` only say what would be refused."""
    return _one_by_one(rows, lambda row: _import_catch_all(actor, now, row), dry_run)


@transaction.atomic
def import_autoresponders(
    *, actor: Actor, now: dt.datetime, rows: Sequence[AutoresponderRow], dry_run: bool = False
) -> list[Result]:
    """Make the autoresponders of one batch; with `dry_run` only say what would be refused."""
    return _one_by_one(rows, lambda row: _import_autoresponder(actor, now, row), dry_run)


def _one_by_one(rows: Sequence[R], one: Callable[[R], str], dry_run: bool) -> list[Result]:
    """Each row in a savepoint, so that a refused one leaves nothing behind."""
    results: list[Result] = []
    for row in rows:
        try:
            with transaction.atomic():
                results.append(one(row))
        except Refusal as refusal:
            results.append(refusal)
    transaction.set_rollback(dry_run)
    return results


def _hosted(actor: Actor, name: str) -> Domain:
    rows = Domain.objects.filter(of_domains(actor), name=name, removed_at=None).order_by("-proven")
    domain = rows.select_related("server", "customer__reseller").first()
    if domain is None:
        raise Refusal(
            "domain-unknown",
            "The domain {name} is not hosted here.",
            remedy="Add the domain first.",
            name=name,
        )
    return domain


def _differs(what: str, noun: str) -> Refusal:
    return Refusal(
        f"{noun}-differs",
        f"{what} is there already and differs.",
        remedy=f"Change it with 'mailstead {noun} set', or remove it first.",
    )


def _import_customer(actor: Actor, now: dt.datetime, row: CustomerRow) -> str:
    roles.require(actor, "customer.import")
    found = Customer.objects.filter(name__iexact=row.name.strip()).first()
    if found is None:
        create_customer(
            actor=actor,
            now=now,
            name=row.name,
            email=row.email,
            quota=row.quota,
            mailbox_limit=row.mailbox_limit,
        )
        return "made"
    if (found.quota, found.mailbox_limit) != (row.quota, row.mailbox_limit):
        raise _differs(f"The customer '{found.name}'", "customer")
    return "present"


def _import_catch_all(actor: Actor, now: dt.datetime, row: CatchAllRow) -> str:
    domain = _hosted(actor, normalise_domain(row.domain))
    there = messages.catch_all(domain)
    if there is None:
        set_catch_all(actor=actor, now=now, domain=domain, route=row.route)
        return "made"
    if there != checked_route(row.route):
        raise _differs(f"The catch-all of {domain.name}", "catchall")
    return "present"


def _import_autoresponder(actor: Actor, now: dt.datetime, row: AutoresponderRow) -> str:
    address = forwarder_address(row.address)
    domain = _hosted(actor, address.domain)
    found = Autoresponder.objects.filter(domain=domain, local=address.local).first()
    if found is None:
        set_autoresponder(actor=actor, now=now, domain=domain, **asdict(row))
        return "made"
    there = (found.subject, found.body, found.starts, found.ends)
    wanted = (row.subject.strip(), row.body.replace("\r\n", "\n"), row.starts, row.ends)
    if there != wanted:
        raise _differs(f"The autoresponder of {address}", "autoresponder")
    return "present"


def _import_forwarder(actor: Actor, now: dt.datetime, row: ForwarderRow) -> str:
    address = forwarder_address(row.address)
    domain = _hosted(actor, address.domain)
    found = Forwarder.objects.filter(domain=domain, local=address.local).first()
    if found is not None:
        there = facts(found)
        wanted = checked_route(row.route)
        same = (there["action"], tuple(there["destinations"]), there["text"], there["keep_copy"])
        if same == (wanted.action, wanted.destinations, wanted.text, row.keep_copy):
            return "present"
        raise _differs(f"The forwarder {address}", "forwarder")
    set_forwarder(
        actor=actor,
        now=now,
        domain=domain,
        address=str(address),
        route=row.route,
        keep_copy=row.keep_copy,
    )
    return "made"
