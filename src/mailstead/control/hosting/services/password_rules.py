"""What happens to a mailbox's password that is known from leaks: a customer's own rule.

By the strictest one, `change`, a mailbox sends nothing more some days after its warning, until it
has another password. It never stops receiving. When it is due is found by protection.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.hosting.models import Customer, Mailbox
from mailstead.control.hosting.services.common import commit, facts, locked
from mailstead.control.hosting.services.mailboxes import resume_mailbox, suspend_mailbox
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

RULES = ("", "warn", "refuse", "change")
DAYS, MOST_DAYS = 14, 90
"""In which a password must be changed, where nobody says otherwise; and at most."""


@transaction.atomic
def set_password_rule(
    *, actor: Actor, now: dt.datetime, customer: Customer, rule: str, days: int | None = None
) -> None:
    """`warn`, `refuse`, `change`, or empty for the house's own word; the stricter of the two holds.

    `days` goes with `change`: how long after a warning a mailbox still sends. Raises `Refusal`
    (`password-rule-invalid`, `password-days-invalid`).
    """
    if rule not in RULES:
        raise Refusal(
            "password-rule-invalid",
            "There is no such rule for passwords that are known from leaks.",
            remedy="It is 'warn', 'refuse' or 'change', or the house's own.",
        )
    if days is not None and (rule != "change" or not 1 <= days <= MOST_DAYS):
        raise Refusal(
            "password-days-invalid",
            "Days go with the rule 'change', and are from 1 to {most}.",
            remedy="Correct the number, or leave it out.",
            most=MOST_DAYS,
        )
    locked(customer)
    before = facts(customer)
    customer.password_rule = rule
    customer.password_days = (days or DAYS) if rule == "change" else 0
    customer.save()
    commit(
        actor=actor,
        now=now,
        verb="set-password-rule",
        row=customer,
        label=customer.name,
        before=before,
        changes=(),
        server=None,
    )


@transaction.atomic
def stop_leaked(*, now: dt.datetime, mailbox: Mailbox, reason: str, by_house: bool) -> None:
    """Suspend sending because the password was not changed in time; `set_password` ends it.

    `by_house`: by the house's rule, so that nobody but the company may end it otherwise.
    """
    suspend_mailbox(actor=Actor.system(), now=now, mailbox=mailbox, what="sending", reason=reason)
    kind = "operator" if by_house else "customer"
    mailbox.suspended_by = mailbox.suspended_by | {"sending": kind}
    mailbox.leaked_step = "stopped"
    mailbox.save(update_fields=["suspended_by", "leaked_step"])


@transaction.atomic
def pardon_leaked(*, now: dt.datetime, mailbox: Mailbox) -> None:
    """The rule holds no more: nothing is due, and sending that was stopped for it is given back."""
    if mailbox.leaked_step == "stopped":
        resume_mailbox(actor=Actor.system(), now=now, mailbox=mailbox, what="sending")
    mailbox.leaked_due, mailbox.leaked_step = None, ""
    mailbox.save(update_fields=["leaked_due", "leaked_step"])
