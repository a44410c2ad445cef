"""Autoresponders: an automatic answer for an address, with or without a mailbox."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Autoresponder, Domain
from mailstead.control.hosting.services.common import (
    checked_text,
    commit,
    facts,
    living,
    locked,
    no_alias,
)
from mailstead.control.people.actor import Actor
from mailstead.standards.address import forwarder_address
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AutoresponderGone

DAY = 86400
"""Seconds."""
SHORTEST = 60
"""Seconds; the same as Dovecot's sieve_vacation_min_period."""
LONGEST = 60 * DAY
MAX_BODY = 100_000


@transaction.atomic
def set_autoresponder(
    *,
    actor: Actor,
    now: dt.datetime,
    domain: Domain,
    address: str,
    subject: str,
    body: str,
    html: bool = False,
    starts: dt.datetime | None = None,
    ends: dt.datetime | None = None,
    interval: int = DAY,
    from_name: str = "",
    new: bool = False,
) -> Autoresponder:
    """Make or change the answer of an address; `interval` in seconds for the same sender.

    With `new` refuse to change one that is there.
    """
    checked = forwarder_address(address)
    if checked.domain != no_alias(domain).name:
        raise Refusal(
            "address-invalid", "{checked} is not in {name}.", checked=checked, name=domain.name
        )
    if set(checked.local) - set("abcdefghijklmnopqrstuvwxyz0123456789._-"):
        raise Refusal(
            "address-invalid",
            "{checked} cannot have an autoresponder.",
            remedy="Use letters, digits, dots, hyphens and underscores before the @.",
            checked=checked,
        )
    if not SHORTEST <= interval <= LONGEST:
        raise Refusal(
            "interval-invalid",
            "The interval must be from 1 minute to 60 days.",
            remedy="Give another one.",
        )
    if starts and ends and starts >= ends:
        raise Refusal("period-invalid", "The answer ends before it starts.", remedy="Swap them.")
    if not subject.strip() or not body.strip():
        raise Refusal("text-empty", "An answer needs a subject and a text.", remedy="Give both.")
    found = Autoresponder.objects.filter(domain=domain, local=checked.local).first()
    if found and new:
        raise Refusal(
            "autoresponder-exists",
            "{checked} has an autoresponder already.",
            remedy="Change it with 'autoresponder set'.",
            checked=checked,
        )
    before = facts(found) if found else None
    answer = found or Autoresponder(domain=domain, local=checked.local)
    answer.subject = checked_text(subject.strip(), "subject", 250)
    answer.body = checked_text(body, "text", MAX_BODY, lines=True)
    answer.from_name = checked_text(from_name.strip(), "sender's name", 100)
    answer.html, answer.starts, answer.ends, answer.interval = html, starts, ends, interval
    answer.save()
    commit(
        actor=actor,
        now=now,
        verb="update" if found else "create",
        row=answer,
        label=answer.address,
        before=before,
        changes=[messages.autoresponder_put(answer)],
        server=domain.server,
    )
    return answer


@transaction.atomic
def remove_autoresponder(*, actor: Actor, now: dt.datetime, answer: Autoresponder) -> None:
    """The answer ends."""
    domain = living(answer.domain)
    locked(answer)
    answer.domain = domain
    commit(
        actor=actor,
        now=now,
        verb="remove",
        row=answer,
        label=answer.address,
        before=facts(answer),
        changes=[AutoresponderGone(address=answer.address)],
        server=answer.domain.server,
        gone=True,
    )
    answer.delete()
