"""What a mailbox wants of the spam filter: its level, and whom it always or never believes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Mailbox, SpamSettings
from mailstead.control.hosting.services.common import commit, facts
from mailstead.control.hosting.services.mailboxes import living_mailbox
from mailstead.control.people.actor import Actor
from mailstead.standards.address import destination_address, normalise_domain
from mailstead.standards.refusal import Refusal

LEVELS = ("off", "lenient", "normal", "strict")
MOST = 500


def _checked_senders(texts: Collection[str]) -> list[str]:
    """Addresses in lower case, and domains as `@domain`, each once; raises `Refusal`."""
    found: dict[str, None] = {}
    for text in texts:
        bare = text.strip().lower()
        if "@" not in bare.lstrip("@"):
            found["@" + normalise_domain(bare.lstrip("@"))] = None
        else:
            found[str(destination_address(bare))] = None
    if len(found) > MOST:
        raise Refusal(
            "senders-many",
            "A list may have {most} entries.",
            remedy="Take domains instead of single addresses.",
            most=MOST,
        )
    return list(found)


@transaction.atomic
def set_spam_settings(
    *,
    actor: Actor,
    now: dt.datetime,
    mailbox: Mailbox,
    level: str,
    allow: Collection[str] = (),
    deny: Collection[str] = (),
) -> SpamSettings:
    """The whole of them; raises `Refusal` for what is no address and no domain."""
    if level not in LEVELS:
        raise Refusal(
            "level-invalid",
            "The level is one of {levels}.",
            remedy="Choose one of them.",
            levels=", ".join(LEVELS),
        )
    living_mailbox(mailbox)
    found = SpamSettings.objects.filter(mailbox=mailbox).first()
    before = facts(found) if found else None
    settings = found or SpamSettings(mailbox=mailbox)
    settings.mailbox = mailbox
    settings.level = level
    settings.allow, settings.deny = _checked_senders(allow), _checked_senders(deny)
    both = set(settings.allow) & set(settings.deny)
    if both:
        raise Refusal(
            "sender-in-both",
            "{sender} is in both lists.",
            remedy="Take it out of one of them.",
            sender=min(both),
        )
    settings.save()
    commit(
        actor=actor,
        now=now,
        verb="set",
        row=settings,
        label=mailbox.address,
        before=before,
        changes=[messages.spam_put(settings)],
        server=mailbox.domain.server,
    )
    return settings
