"""A hash that came from another server gives way to the house's, once its password was right.

It stays the same password: its number stays, and with it sessions, marks and everything else that
goes by the number (docs/decisions/0046).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import structlog
from django.db import DatabaseError, transaction

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.services.common import commit, facts
from mailstead.control.people.actor import Actor
from mailstead.standards import password as passwords
from mailstead.wire.events import AnyEvent, PasswordRehashed

log = structlog.get_logger("hosting")


@transaction.atomic
def store_rehashed(
    *, actor: Actor, now: dt.datetime, mailbox: Mailbox, credential: int, secret: str
) -> bool:
    """Store the house's hash of the password with the number `credential`.

    Returns whether that was done: not when the mailbox has another password by now, a hash of the
    house, or no log-in.
    """
    row = (
        Mailbox.objects.select_for_update(of=("self",))
        .filter(
            pk=mailbox.pk,
            credential=credential,
            login_suspended="",
            removed_at=None,
            domain__removed_at=None,
        )
        .select_related("domain__customer", "domain__server")
        .first()
    )
    if row is None or passwords.is_of_house(row.secret) or not passwords.is_made_here(secret):
        return False
    before = facts(row)
    row.secret = secret
    row.save(update_fields=["secret"])
    commit(
        actor=actor,
        now=now,
        verb="rehash-password",
        row=row,
        label=row.address,
        before=before,
        changes=[messages.mailbox_put(row)],
        server=row.domain.server,
    )
    return True


def rehash_after_sign_in(mailbox: Mailbox, password: str, now: dt.datetime) -> None:
    """The same in the panel, with the password that was right for `mailbox` as it was read.

    Whoever signs in is not stopped by a fault of it.
    """
    if passwords.is_of_house(mailbox.secret):
        return
    try:
        store_rehashed(
            actor=Actor.system(),
            now=now,
            mailbox=mailbox,
            credential=mailbox.credential,
            secret=passwords.rehashed(password.encode()),
        )
    except (DatabaseError, RuntimeError) as error:
        log.warning("hash not renewed", mailbox=mailbox.address, kind=type(error).__name__)


def record_rehashed(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Store what a node has made for its mailboxes; inside the transaction that records it."""
    for event in events:
        if isinstance(event, PasswordRehashed):
            local, _, name = event.mailbox.rpartition("@")
            mailbox = Mailbox.objects.filter(
                domain__name=name,
                domain__server__name=server,
                local=local,
                credential=event.credential,
            ).first()
            if mailbox is not None:
                store_rehashed(
                    actor=Actor.system(),
                    now=now,
                    mailbox=mailbox,
                    credential=event.credential,
                    secret=event.secret,
                )
