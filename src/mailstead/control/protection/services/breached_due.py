"""Passwords that must be changed: what is due is done, reminded of before, and never without.

Where the rule `change` holds (the house's or the customer's), a mailbox with a password known from
leaks sends nothing more some days after the warning that named the day. It never stops receiving. A
new password gives sending back at once (`hosting.set_password`); so does the end of the rule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.protection.services.breached import (
    WAVE,
    customer_of,
    moment,
    tell,
    user_of,
)
from mailstead.control.web.links import panel_link

REMIND = dt.timedelta(days=3)
"""Before the day, or after half of the time where that is shorter."""
LEAST = dt.timedelta(days=1)
"""Between the reminder and the day, however late the reminder comes."""
LOT = 100
_HOLDS = Q(domain__customer__password_rule="change")


def follow_leaked(now: dt.datetime) -> int:
    """Warn, remind, stop and pardon what is due; returns how many mailboxes."""
    by_house = settings.MAILSTEAD.passwords.breached == "change"
    ruled = Q() if by_house else _HOLDS
    # A password that was changed takes its mailbox out of all this.
    rows = Mailbox.objects.filter(removed_at=None, leaked_credential=F("credential"))
    begun = rows.filter(leaked_at__isnull=False, leaked_due=None)
    running = rows.filter(leaked_due__isnull=False)
    near, over = Q(leaked_due__lte=now + REMIND), Q(leaked_due__lte=now, sending_suspended="")
    turns: tuple[tuple[Callable[[Mailbox, dt.datetime], bool], list[int]], ...] = (
        (_warn, _numbers(begun.filter(ruled))),
        (_remind, _numbers(running.filter(ruled, near, leaked_step="warned"))),
        (_stop, _numbers(running.filter(ruled, over, leaked_step="reminded"))),
        (_pardon, [] if by_house else _numbers(running.exclude(_HOLDS))),
    )
    return sum(_one(number, now, act) for act, numbers in turns for number in numbers)


def _numbers(rows: QuerySet[Mailbox]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:LOT])


@transaction.atomic
def _one(number: int, now: dt.datetime, act: Callable[[Mailbox, dt.datetime], bool]) -> int:
    mailbox = (
        Mailbox.objects.select_for_update(of=("self",))
        # The password may have been changed since the look.
        .filter(pk=number, removed_at=None, leaked_credential=F("credential"))
        .select_related("domain__customer", "domain__server")
        .first()
    )
    return int(mailbox is not None and act(mailbox, now))


def _time(mailbox: Mailbox) -> dt.timedelta:
    customer = mailbox.domain.customer
    days = people.days_to_change(customer.password_rule, customer.password_days)
    return dt.timedelta(days=days)


def _warn(mailbox: Mailbox, now: dt.datetime) -> bool:
    """The rule came after the mailbox had been warned: it is told the day."""
    if mailbox.leaked_due is not None:
        return False
    told = _customer_told(mailbox, now, "warned")
    _step(mailbox, now, "warned", now + _time(mailbox))
    tell(mailbox, now, customer_too=not told)
    return True


def _remind(mailbox: Mailbox, now: dt.datetime) -> bool:
    due = mailbox.leaked_due
    if due is None or mailbox.leaked_step != "warned":
        return False
    if now < due - min(REMIND, _time(mailbox) / 2):
        return False
    _step(mailbox, now, "reminded", max(due, now + min(LEAST, _time(mailbox) / 2)))
    people.post_each(now=now, readers=user_of(mailbox), letter=lambda: _reminder(mailbox))
    return True


def _stop(mailbox: Mailbox, now: dt.datetime) -> bool:
    if mailbox.leaked_step != "reminded" or mailbox.sending_suspended:
        return False
    told = _customer_told(mailbox, now, "stopped")
    by_house = settings.MAILSTEAD.passwords.breached == "change"
    reason = gettext("The password is known from leaks and must be changed.")
    hosting.stop_leaked(now=now, mailbox=mailbox, reason=reason, by_house=by_house)
    readers = user_of(mailbox) + ([] if told else customer_of(mailbox))
    people.post_each(now=now, readers=readers, letter=lambda: _stopped(mailbox))
    return True


def _pardon(mailbox: Mailbox, now: dt.datetime) -> bool:
    if mailbox.leaked_due is None:
        return False
    hosting.pardon_leaked(now=now, mailbox=mailbox)
    return True


def _customer_told(mailbox: Mailbox, now: dt.datetime, step: str) -> bool:
    """Whether the customer has been written to of another mailbox for the same, within a day."""
    due = {"warned": now + _time(mailbox), "stopped": now}[step]
    rows = Mailbox.objects.filter(
        domain__customer=mailbox.domain.customer_id,
        leaked_step=step,
        leaked_due__gt=due - WAVE,
        leaked_due__lte=due,
    )
    return rows.exclude(pk=mailbox.pk).exists()


def _step(mailbox: Mailbox, now: dt.datetime, step: str, due: dt.datetime) -> None:
    before = {"leaked_step": mailbox.leaked_step, "leaked_due": _plain(mailbox.leaked_due)}
    mailbox.leaked_step, mailbox.leaked_due = step, due
    mailbox.save(update_fields=["leaked_step", "leaked_due"])
    people.record(
        actor=Actor.system(),
        verb="mailbox.password-due",
        kind="mailbox",
        label=mailbox.address,
        object_id=mailbox.pk,
        now=now,
        before=before,
        after={"leaked_step": step, "leaked_due": _plain(due)},
        owner=people.Owner(
            customer=mailbox.domain.customer_id, domain=mailbox.domain_id, mailbox=mailbox.pk
        ),
    )


def _plain(at: dt.datetime | None) -> str | None:
    return at.isoformat() if at else None


def _reminder(mailbox: Mailbox) -> tuple[str, str]:
    assert mailbox.leaked_due is not None
    names = {
        "address": mailbox.address,
        "moment": moment(mailbox.leaked_due),
        "link": panel_link("hosting:my-password"),
    }
    return (
        gettext("{address} soon sends no more mail: set a new password").format(**names),
        gettext(
            "Hello,\n\nthe password of your mailbox {address} is known from leaks of other "
            "services, and is still the same. From {moment} on the mailbox sends nothing until it "
            "has a new password; it receives mail as before.\n\n"
            "Set one that you use nowhere else: {link}\n\n"
            "Then enter it in your mail programs and phones.\n"
        ).format(**names),
    )


def _stopped(mailbox: Mailbox) -> tuple[str, str]:
    names = {"address": mailbox.address, "link": panel_link("hosting:my-password")}
    return (
        gettext("{address} sends no more mail until its password is changed").format(**names),
        gettext(
            "Hello,\n\nthe password of the mailbox {address} is known from leaks of other "
            "services and was not changed in time. The mailbox sends nothing now, so that no thief "
            "sends mail in its name. It receives mail as before, and nothing is lost.\n\n"
            "As soon as it has a new password, it sends again. Its user sets one here:\n{link}\n"
        ).format(**names),
    )
