"""What happens to a mailbox's new password that is known from leaks: a customer's own rule."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.hosting.models import Customer
from mailstead.control.hosting.services.common import commit, facts, locked
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

RULES = ("", "warn", "refuse")


@transaction.atomic
def set_password_rule(*, actor: Actor, now: dt.datetime, customer: Customer, rule: str) -> None:
    """`warn` or `refuse`, or empty for the house's own word; the stricter of the two holds.

    Raises `Refusal` (`password-rule-invalid`).
    """
    if rule not in RULES:
        raise Refusal(
            "password-rule-invalid",
            "There is no such rule for passwords that are known from leaks.",
            remedy="It is 'warn' or 'refuse', or the house's own.",
        )
    locked(customer)
    before = facts(customer)
    customer.password_rule = rule
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
