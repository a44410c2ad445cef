"""The end of the grace period: what was removed goes for good."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.hosting.models import Domain, Mailbox
from mailstead.control.hosting.services.common import commit, facts, locked
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.wire.changes import StorePurged

BATCH = 200


def purge_expired(now: dt.datetime) -> int:
    """Purge mailboxes and domains whose grace period is over; returns how many."""
    count = 0
    expired = Mailbox.objects.filter(purge_after__lte=now, removed_at__isnull=False)
    for mailbox in expired.select_related("domain__server")[:BATCH]:
        _purge_mailbox(mailbox, now)
        count += 1
    empty = Domain.objects.filter(purge_after__lte=now, removed_at__isnull=False, mailboxes=None)
    for domain in empty.select_related("server")[:BATCH]:
        _purge_domain(domain, now)
        count += 1
    return count


@transaction.atomic
def _purge_mailbox(mailbox: Mailbox, now: dt.datetime) -> None:
    domain = mailbox.domain
    locked(mailbox)
    if mailbox.purge_after is None or mailbox.purge_after > now:
        # Restored while we looked.
        return
    mailbox.domain = domain
    commit(
        actor=Actor.system(),
        now=now,
        verb="purge",
        row=mailbox,
        label=mailbox.address,
        before=facts(mailbox),
        changes=[StorePurged(address=mailbox.address, store=mailbox.store)],
        server=mailbox.domain.server,
        gone=True,
    )
    mailbox.delete()


@transaction.atomic
def _purge_domain(domain: Domain, now: dt.datetime) -> None:
    locked(domain)
    if domain.purge_after is None or domain.purge_after > now:
        return
    commit(
        actor=Actor.system(),
        now=now,
        verb="purge",
        row=domain,
        label=domain.name,
        before=facts(domain),
        changes=(),
        server=None,
        gone=True,
    )
    domain.aliases.update(alias_of=None)
    number = domain.pk
    domain.delete()
    people.end_domain(customer=domain.customer_id, domain=number)
