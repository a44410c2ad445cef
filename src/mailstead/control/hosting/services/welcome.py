"""Mailing the welcome sheet; the password is never in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.conf import settings as house
from django.db import transaction
from django.utils.translation import gettext

from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.services.common import commit, facts
from mailstead.control.hosting.services.mailboxes import outside_address
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor


@transaction.atomic
def send_welcome(
    *,
    actor: Actor,
    now: dt.datetime,
    mailbox: Mailbox,
    recipient: str,
    settings: Sequence[tuple[str, str, int, str]],
) -> None:
    """Mail the settings of a mailbox to an address that its owner can read already."""
    to = outside_address(recipient)
    lines = [f"  {name}: {host}, {port}, {tls}" for name, host, port, tls in settings]
    people.post(
        now=now,
        recipient=to,
        subject=gettext("Your mailbox {address}").format(address=mailbox.address),
        text=gettext(
            "Hello,\n\nyour mailbox {address} is ready.\n\n"
            "User name: {address}\nPassword: you get it by another way.\n\n"
            "Settings of the mail program (the first two are all that most programs need):\n\n"
            "{settings}\n\nPassword, absence, rules and spam filter: {panel}/\n"
        ).format(address=mailbox.address, settings="\n".join(lines), panel=house.PANEL_ORIGIN),
    )
    before = facts(mailbox)
    commit(
        actor=actor,
        now=now,
        verb="send-sheet",
        row=mailbox,
        label=mailbox.address,
        before=before,
        changes=(),
        server=None,
        reason=to,
    )
