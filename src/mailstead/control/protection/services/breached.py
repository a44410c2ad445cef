"""A mailbox was opened with a password known from leaks: marked until another one is set, and told.

Its user is told once for each password, the customer once for each wave: a new list of leaks may
know many passwords at once, and the letter names the page that shows them all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.translation import gettext

from mailstead.control.hosting.models import Customer, Mailbox
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.web.links import panel_link
from mailstead.wire.events import AnyEvent, BreachedPasswordSeen

WAVE = dt.timedelta(days=1)
"""After a day without another such password in their mailboxes the customer is told again."""


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record what a batch tells of passwords; inside the transaction that records the batch."""
    for event in events:
        if isinstance(event, BreachedPasswordSeen):
            _note(server, event, now)


def _note(server: str, event: BreachedPasswordSeen, now: dt.datetime) -> None:
    local, _, name = event.mailbox.rpartition("@")
    mailbox = (
        Mailbox.objects.select_for_update(of=("self",))
        .filter(
            domain__name=name,
            domain__server__name=server,
            local=local,
            removed_at=None,
            # The password may have been changed while the node's word was on its way.
            credential=event.credential,
        )
        .exclude(leaked_credential=event.credential)
        .select_related("domain__customer")
        .first()
    )
    if mailbox is None:
        return
    wave = _told_lately(mailbox, now)
    mailbox.leaked_credential, mailbox.leaked_at = event.credential, min(event.at, now)
    mailbox.leaked_due = _due(mailbox.domain.customer, now)
    mailbox.leaked_step = "warned" if mailbox.leaked_due else ""
    mailbox.save(update_fields=["leaked_credential", "leaked_at", "leaked_due", "leaked_step"])
    people.record(
        actor=Actor.system(),
        verb="mailbox.password-leaked",
        kind="mailbox",
        label=mailbox.address,
        object_id=mailbox.pk,
        now=now,
        after={
            "leaked_credential": event.credential,
            "leaked_due": mailbox.leaked_due.isoformat() if mailbox.leaked_due else None,
        },
        owner=people.Owner(
            customer=mailbox.domain.customer_id, domain=mailbox.domain_id, mailbox=mailbox.pk
        ),
    )
    tell(mailbox, now, customer_too=not wave)


def _due(customer: Customer, now: dt.datetime) -> dt.datetime | None:
    days = people.days_to_change(customer.password_rule, customer.password_days)
    return now + dt.timedelta(days=days) if days else None


def _told_lately(mailbox: Mailbox, now: dt.datetime) -> bool:
    """Whether another mailbox of the customer's was found in this wave."""
    rows = Mailbox.objects.filter(
        domain__customer=mailbox.domain.customer_id, leaked_at__gt=now - WAVE
    )
    return rows.exclude(pk=mailbox.pk).exists()


def user_of(mailbox: Mailbox) -> list[tuple[str, str]]:
    """Where its user is written to."""
    return [(mailbox.recovery_address or mailbox.address, "")]


def customer_of(mailbox: Mailbox) -> list[tuple[str, str]]:
    """The same of its customer; empty: nowhere."""
    contact = mailbox.domain.customer.email
    return [(contact, "")] if contact else []


def moment(at: dt.datetime) -> str:
    """As a letter says it, which many read in many places."""
    return f"{date_format(at.astimezone(dt.UTC), 'DATETIME_FORMAT')} (UTC)"


def tell(mailbox: Mailbox, now: dt.datetime, *, customer_too: bool) -> None:
    """Warn the user, and where it is wanted the customer; with the date where there is one."""
    people.post_each(now=now, readers=user_of(mailbox), letter=lambda: _to_user(mailbox))
    if customer_too:
        readers = customer_of(mailbox)
        people.post_each(now=now, readers=readers, letter=lambda: _to_customer(mailbox))


def _what_follows(mailbox: Mailbox) -> str:
    if mailbox.leaked_due is None:
        return gettext("Your mailbox works on as before.")
    return gettext(
        "Do it before {moment}: from then on the mailbox sends nothing until it has a new "
        "password. It receives mail as before, and sends again at once with the new one."
    ).format(moment=moment(mailbox.leaked_due))


def _to_user(mailbox: Mailbox) -> tuple[str, str]:
    names = {
        "address": mailbox.address,
        "link": panel_link("hosting:my-password"),
        "follows": _what_follows(mailbox),
    }
    return (
        gettext("The password of {address} is known from leaks").format(**names),
        gettext(
            "Hello,\n\nthe password of your mailbox {address} stands in lists that leaked from "
            "other services. Thieves try such passwords first, and send mail in your name.\n\n"
            "What to do:\n"
            "1. Set a new password, one that you use nowhere else: {link}\n"
            "2. Enter it in your mail programs and phones. App passwords stay as they are.\n"
            "3. Change it too wherever else you have used the old one.\n\n"
            "{follows} Your password was shown to nobody: your mail server "
            "has compared it with the lists when you signed in.\n"
        ).format(**names),
    )


def _to_customer(mailbox: Mailbox) -> tuple[str, str]:
    names = {
        "address": mailbox.address,
        "name": mailbox.domain.customer.name,
        "link": panel_link("protection:breached"),
        "follows": _what_follows_for_customer(mailbox),
    }
    return (
        gettext("Passwords known from leaks: {name}").format(**names),
        gettext(
            "Hello,\n\nthe mailbox {address} was opened with a password that stands in lists "
            "which leaked from other services. Thieves try such passwords first.\n\n"
            "Its user was told as well and can set another one. There may be more mailboxes; this "
            "page shows them all, and you are not written to about each:\n{link}\n\n"
            "{follows}\n"
        ).format(**names),
    )


def _what_follows_for_customer(mailbox: Mailbox) -> str:
    if mailbox.leaked_due is None:
        return gettext(
            "You can decide there that such passwords are refused in future, or must be changed."
        )
    return gettext(
        "A mailbox that still has its password on the day that the page names sends nothing more "
        "until it has a new one; this one from {moment} on. It receives mail as before."
    ).format(moment=moment(mailbox.leaked_due))
