"""How much may be sent: the house's word, what a customer and a mailbox have of their own.

What is said nearer to the mailbox goes before what is said further away: house, then customer, then
mailbox. A reseller's customers never have more than the reseller. The customer's mailboxes together
have ceilings too, which the ramp lowers while the customer is new (docs/decisions/0025).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db.models import Q, QuerySet

from mailstead.control.hosting.models import Customer, Mailbox, SendingPolicy, SendingUse
from mailstead.control.hosting.queries.scope import of_customers, of_mailboxes
from mailstead.control.people.actor import Actor
from mailstead.wire.sending import Account, Ceilings, Step

AT_LIMIT = dt.timedelta(days=1)
"""Who was refused within this time is shown to the operator."""


class RampStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new customer's mailboxes together may send at most until the customer is so old."""

    days: int
    ceilings: Ceilings


@dataclass(frozen=True)
class House:
    """What holds where nothing else is said."""

    mailbox: Ceilings
    """Each mailbox."""
    customer: Ceilings
    """All mailboxes of a customer together."""
    ramp: tuple[RampStep, ...]


DEFAULTS = House(
    mailbox=Ceilings(
        messages_hour=300, messages_day=1000, recipients_hour=500, recipients_day=2000
    ),
    customer=Ceilings(),
    ramp=(
        RampStep(days=7, ceilings=Ceilings(recipients_hour=100, recipients_day=250)),
        RampStep(days=30, ceilings=Ceilings(recipients_hour=300, recipients_day=1000)),
    ),
)
"""Until the operator has said something else."""


def ceilings_in(plain: dict[str, Any]) -> Ceilings:
    """Ceilings as a row keeps them."""
    return msgspec.convert(plain, Ceilings)


def house() -> House:
    """The house's own word; until somebody has said it, the defaults."""
    row = SendingPolicy.objects.first()
    if row is None:
        return DEFAULTS
    return House(
        mailbox=ceilings_in(row.mailbox),
        customer=ceilings_in(row.customer),
        ramp=msgspec.convert(row.ramp, tuple[RampStep, ...]),
    )


def mailbox_default(customer: Customer, house: House) -> Ceilings:
    """What each mailbox of a customer may send that has nothing of its own; needs the reseller."""
    own = ceilings_in(customer.sending_mailbox)
    if customer.reseller is None:
        return own.over(house.mailbox)
    return own.strictest(mailbox_default(customer.reseller, house))


def total(customer: Customer, house: House) -> Ceilings:
    """What all mailboxes of a customer together may send once it is no longer new."""
    return ceilings_in(customer.sending_total).over(house.customer)


def account(customer: Customer, house: House) -> Account:
    """The same by time; a customer without a date of birth is not new."""
    whole = total(customer, house)
    steps = []
    if customer.created_at is not None and not customer.sending_ramp_exempt:
        steps = [
            Step(
                until=customer.created_at + dt.timedelta(days=step.days),
                ceilings=whole.strictest(step.ceilings),
            )
            for step in house.ramp
        ]
    return Account(customer=customer.pk, schedule=(*steps, Step(until=None, ceilings=whole)))


def accounts(customer: Customer, house: House) -> tuple[Account, ...]:
    """Who a customer's mailboxes are counted with: the customer, and its reseller."""
    own = account(customer, house)
    if customer.reseller is None:
        return (own,)
    return own, account(customer.reseller, house)


def uses(actor: Actor) -> QuerySet[SendingUse]:
    """What has been sent, by mailbox and by customer, as far as the actor sees them."""
    seen = Q(of_mailboxes(actor, "mailbox__"), mailbox__isnull=False)
    if actor.kind not in ("mailbox", "domain_admin"):
        seen |= Q(of_customers(actor, "customer__"), customer__isnull=False)
    rows = SendingUse.objects.filter(seen)
    return rows.select_related("mailbox__domain__customer", "customer", "server")


def lately(actor: Actor, now: dt.datetime) -> QuerySet[SendingUse]:
    """Who has sent something within a day."""
    return uses(actor).filter(at__gt=now - AT_LIMIT, messages_day__gt=0)


def at_limit(actor: Actor, now: dt.datetime) -> QuerySet[SendingUse]:
    """Who was refused within a day."""
    return uses(actor).filter(refused_at__gt=now - AT_LIMIT)


@dataclass(frozen=True)
class MailboxSending:
    """What a page tells of one mailbox: what it may send, and what it has sent."""

    own: Ceilings
    inherited: Ceilings
    step: Step
    """What its customer's mailboxes together may send now."""
    use: SendingUse | None
    customer_use: SendingUse | None

    @property
    def ceilings(self) -> Ceilings:
        """What holds for the mailbox alone."""
        return self.own.over(self.inherited)


def sending_of(mailbox: Mailbox, now: dt.datetime) -> MailboxSending:
    """Of a mailbox that was fetched through the actor; needs domain, customer and reseller."""
    customer, said = mailbox.domain.customer, house()
    server = mailbox.domain.server_id
    return MailboxSending(
        own=ceilings_in(mailbox.sending_limits),
        inherited=mailbox_default(customer, said),
        step=account(customer, said).at(now),
        use=SendingUse.objects.filter(mailbox=mailbox, server=server).first(),
        customer_use=SendingUse.objects.filter(customer=customer, server=server).first(),
    )
