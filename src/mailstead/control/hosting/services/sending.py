"""How much may be sent: what the house, a customer, a package and a mailbox say about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Q

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import (
    Customer,
    Domain,
    Mailbox,
    Package,
    SendingPolicy,
)
from mailstead.control.hosting.queries import sending
from mailstead.control.hosting.queries.sending import RampStep
from mailstead.control.hosting.services.common import commit, facts, locked
from mailstead.control.hosting.services.feeds import Post
from mailstead.control.hosting.services.mailboxes import living_mailbox
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.wire.sending import FIELDS, Ceilings

MOST = 10_000_000
MOST_STEPS = 10
MOST_DAYS = 365


def checked_ceilings(ceilings: Ceilings) -> dict[str, Any]:
    """Ceilings as a row keeps them; raises `Refusal` (`ceiling-invalid`)."""
    plain = {name: number for name in FIELDS if (number := getattr(ceilings, name)) is not None}
    if any(not 0 <= number <= MOST for number in plain.values()):
        raise Refusal(
            "ceiling-invalid",
            "A sending limit must be from 0 to {most}.",
            remedy="Give another number, or none for no limit.",
            most=MOST,
        )
    return plain


def tell_sending(domains: Q, now: dt.datetime) -> None:
    """Tell the nodes what the mailboxes of these domains may send; inside the transaction."""
    house = sending.house()
    post = Post()
    rows = Domain.objects.filter(domains, removed_at=None, proven=True)
    for domain in rows.select_related("customer__reseller", "server", "second").iterator(2000):
        post.add(domain, messages.sending_put(domain, house))
    post.send(now)


def tell_customer(customer: Customer, now: dt.datetime) -> None:
    """The same for a customer, and for a reseller's customers."""
    tell_sending(Q(customer=customer) | Q(customer__reseller=customer), now)


@transaction.atomic
def set_house_limits(
    *,
    actor: Actor,
    now: dt.datetime,
    mailbox: Ceilings,
    customer: Ceilings,
    ramp: Sequence[RampStep],
) -> None:
    """What holds where nothing else is said, the whole of it; every node hears of it."""
    row = SendingPolicy.objects.select_for_update().first()
    before = facts(row) if row else None
    row = row or SendingPolicy()
    row.mailbox, row.customer = checked_ceilings(mailbox), checked_ceilings(customer)
    row.ramp = _checked_ramp(ramp)
    row.save()
    commit(
        actor=actor,
        now=now,
        verb="set",
        row=row,
        label="house",
        before=before,
        changes=(),
        server=None,
    )
    tell_sending(Q(), now)


def _checked_ramp(ramp: Sequence[RampStep]) -> list[dict[str, Any]]:
    days = [step.days for step in ramp]
    if (
        len(days) > MOST_STEPS
        or sorted(set(days)) != days
        or any(not 1 <= number <= MOST_DAYS for number in days)
    ):
        raise Refusal(
            "ramp-invalid",
            "The steps for new customers must end at different days, from 1 to {most}, in order.",
            remedy="Correct the days.",
            most=MOST_DAYS,
        )
    found = []
    for step in ramp:
        checked_ceilings(step.ceilings)
        found.append(msgspec.to_builtins(step))
    return found


@transaction.atomic
def set_customer_limits(
    *,
    actor: Actor,
    now: dt.datetime,
    customer: Customer,
    mailbox: Ceilings,
    total: Ceilings,
    ramp_exempt: bool | None = None,
) -> None:
    """What a customer's mailboxes may send, each and together, the whole of it.

    Limits of its own take the customer out of its package. `ramp_exempt` (None: as it is) ends the
    lower limits of a new customer; only the company may give that.
    """
    locked(customer)
    before = facts(customer)
    if ramp_exempt is not None and ramp_exempt != customer.sending_ramp_exempt:
        roles.require(actor, "customer.exempt-from-ramp")
        customer.sending_ramp_exempt = ramp_exempt
    customer.sending_mailbox = checked_ceilings(mailbox)
    customer.sending_total = checked_ceilings(total)
    package = customer.package
    if package is not None and (
        customer.sending_mailbox != package.sending_mailbox
        or customer.sending_total != package.sending_total
    ):
        customer.package = None
    customer.save()
    commit(
        actor=actor,
        now=now,
        verb="set-sending-limits",
        row=customer,
        label=customer.name,
        before=before,
        changes=(),
        server=None,
    )
    tell_customer(customer, now)


@transaction.atomic
def set_package_limits(
    *, actor: Actor, now: dt.datetime, package: Package, mailbox: Ceilings, total: Ceilings
) -> None:
    """What the package says about sending; who has it keeps the old limits (`apply_package`)."""
    locked(package)
    before = facts(package)
    package.sending_mailbox = checked_ceilings(mailbox)
    package.sending_total = checked_ceilings(total)
    package.save()
    commit(
        actor=actor,
        now=now,
        verb="update",
        row=package,
        label=package.name,
        before=before,
        changes=(),
        server=None,
    )


@transaction.atomic
def set_mailbox_limits(
    *, actor: Actor, now: dt.datetime, mailbox: Mailbox, ceilings: Ceilings
) -> None:
    """What one mailbox may send instead of what its customer's mailboxes may, the whole of it.

    Only the company may give more than that.
    """
    living_mailbox(mailbox)
    before = facts(mailbox)
    plain = checked_ceilings(ceilings)
    if not actor.sees_everything:
        inherited = sending.mailbox_default(mailbox.domain.customer, sending.house())
        for name, number in plain.items():
            most = getattr(inherited, name)
            if most is not None and number > most:
                raise Refusal(
                    "ceiling-above",
                    "A mailbox of this customer may have {most} at most here, not {number}.",
                    remedy="Give a lower number, or ask your provider for more.",
                    most=most,
                    number=number,
                )
    mailbox.sending_limits = plain
    mailbox.save()
    commit(
        actor=actor,
        now=now,
        verb="set-sending-limits",
        row=mailbox,
        label=mailbox.address,
        before=before,
        changes=[messages.mailbox_put(mailbox)],
        server=mailbox.domain.server,
    )
