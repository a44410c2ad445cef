"""Who logged in to a mailbox, from where, by what, with which password: as the nodes tell it."""

from __future__ import annotations

import datetime as dt

from django.db.models import F
from django.db.models.functions import Greatest, Least

from mailstead.control.hosting.models import Mailbox, SignIn
from mailstead.wire.events import SignInSeen

MOST = 200
"""Rows of one mailbox; the oldest go first."""
MOST_FAILED = 100
"""Of them, wrong passwords: guesses from many addresses must not push out who was in."""
KEEP = dt.timedelta(days=90)


def note_sign_in(event: SignInSeen) -> None:
    """Add to what is known; inside the transaction that records the event."""
    mailbox = Mailbox.objects.filter(store=event.store).first()
    if mailbox is None:
        return
    row, new = SignIn.objects.get_or_create(
        mailbox=mailbox,
        protocol=event.protocol,
        address=event.client[:45],
        credential=event.credential,
        failed=event.failed,
        defaults={"count": event.count, "first_at": event.first, "last_at": event.at},
    )
    if not new:
        SignIn.objects.filter(pk=row.pk).update(
            count=F("count") + event.count,
            first_at=Least("first_at", event.first),
            last_at=Greatest("last_at", event.at),
        )
        return
    rows = SignIn.objects.filter(mailbox=mailbox).order_by("-last_at", "-pk")
    numbers = rows.values_list("pk", flat=True)
    beyond = [*numbers.filter(failed=True)[MOST_FAILED:], *numbers[MOST:]]
    if beyond:
        SignIn.objects.filter(pk__in=beyond).delete()


def drop_old_sign_ins(now: dt.datetime) -> int:
    """Drop what is older than `KEEP`; returns how many."""
    return SignIn.objects.filter(last_at__lt=now - KEEP).delete()[0]
