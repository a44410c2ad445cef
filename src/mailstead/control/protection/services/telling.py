"""Who is told of a case: customer and operators, once, and again only of messages that wait.

Mail goes out some seconds after the first sight of a case, so that it can name more than the first
message. The panel's own notice stands on the overviews of whose case it is.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from mailstead.control.people import queries as people_queries
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.protection import words
from mailstead.control.protection.models import Case, KeptMessage
from mailstead.control.web.links import panel_link

GATHER = dt.timedelta(seconds=10)
"""How long after the first sight a case is told."""
WITHOUT_CASE = dt.timedelta(minutes=10)
"""The same where a kept message came and its case did not."""
REMIND_FIRST = dt.timedelta(days=3)
REMIND_AGAIN = dt.timedelta(days=7)
SAMPLES = 5
"""Subjects that a mail names."""
NETWORKS = 10
LOT = 100


def tell_due(now: dt.datetime) -> int:
    """Tell customers and operators of cases that nobody was told of yet; returns how many."""
    rows = Case.objects.filter(told_at=None, watched=False).filter(
        Q(recorded_at__lte=now - GATHER, seen_at__isnull=False)
        | Q(recorded_at__lte=now - WITHOUT_CASE)
    )
    return sum(_tell(number, now) for number in _numbers(rows))


def remind_due(now: dt.datetime) -> int:
    """Remind of messages that wait, after three days and then each week; returns of how many."""
    rows = Case.objects.filter(told_at__lte=now - REMIND_FIRST, kept__state="waiting").filter(
        Q(reminded_at=None) | Q(reminded_at__lte=now - REMIND_AGAIN)
    )
    return sum(_remind(number, now) for number in _numbers(rows.distinct()))


def _numbers(rows: Any) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:LOT])


def _fetched(number: int) -> Case:
    return Case.objects.select_related("mailbox__domain__customer").get(pk=number)


@transaction.atomic
def _tell(number: int, now: dt.datetime) -> int:
    # Claimed by one of several workers: only one changes the row.
    if not Case.objects.filter(pk=number, told_at=None).update(told_at=now):
        return 0
    case = _fetched(number)
    contact = _contact(case)
    people.post_each(now=now, readers=contact, letter=lambda: _letter_to_customer(case))
    people.post_each(
        now=now,
        readers=people_queries.operators(),
        letter=lambda: _letter_to_operator(case, told=contact),
    )
    people.record(
        actor=Actor.system(),
        verb="case.tell",
        kind="case",
        label=case.address,
        object_id=case.pk,
        now=now,
        after={"step": case.step, "told": [address for address, _ in contact]},
        owner=_owner(case),
    )
    return 1


def _owner(case: Case) -> people.Owner:
    if case.mailbox is None:
        return people.COMPANY
    domain = case.mailbox.domain
    return people.Owner(customer=domain.customer_id, domain=domain.pk, mailbox=case.mailbox.pk)


def _contact(case: Case) -> list[tuple[str, str]]:
    """The customer's address, unless the thief reads it too."""
    if case.mailbox is None:
        return []
    address = case.mailbox.domain.customer.email.strip().lower()
    return [(address, "")] if address and address != case.address else []


@transaction.atomic
def _remind(number: int, now: dt.datetime) -> int:
    claimed = Case.objects.filter(pk=number).filter(
        Q(reminded_at=None) | Q(reminded_at__lte=now - REMIND_AGAIN)
    )
    if not claimed.update(reminded_at=now):
        return 0
    case = _fetched(number)
    found = KeptMessage.objects.filter(case=case, state="waiting").aggregate(
        waiting=Count("pk", filter=Q(decision="none")),
        under_way=Count("pk", filter=~Q(decision="none")),
    )
    if found["waiting"]:
        people.post_each(
            now=now, readers=_contact(case), letter=lambda: _reminder(case, found["waiting"], 0)
        )
    people.post_each(
        now=now,
        readers=people_queries.operators(),
        letter=lambda: _reminder(case, found["waiting"], found["under_way"]),
    )
    return 1


def _link(case: Case) -> str:
    return panel_link("protection:case", case.pk)


def _moment(at: dt.datetime) -> str:
    return date_format(at.astimezone(dt.UTC), "DATETIME_FORMAT")


def _lines(lines: list[str]) -> str:
    return "".join(f"  - {line}\n" for line in lines) or "  –\n"


def _networks(case: Case) -> str:
    strange = [one for one in case.clients if not one["usual"]] or case.clients
    found = []
    for one in strange[:NETWORKS]:
        where = f"{one['client']} ({one['country']})" if one["country"] else one["client"]
        times = (_moment(dt.datetime.fromisoformat(one[name])) for name in ("first", "last"))
        sent = ngettext("{n} message", "{n} messages", one["messages"]).format(n=one["messages"])
        found.append(f"{where}, {' – '.join(times)}, {sent}")
    return _lines(found)


def _facts(case: Case) -> dict[str, Any]:
    rows = KeptMessage.objects.filter(case=case)
    subjects = [
        one or gettext("(no subject)")
        for one in rows.order_by("taken", "pk").values_list("subject", flat=True)[:SAMPLES]
    ]
    return {
        "address": case.address,
        "server": case.server,
        "opened": _moment(case.opened),
        "held": max(case.held, rows.count()),
        "out": case.messages,
        "recipients": case.recipients,
        "networks": _networks(case),
        "subjects": _lines(subjects),
        "link": _link(case),
    }


def _letter_to_customer(case: Case) -> tuple[str, str]:
    facts = _facts(case) | {"why": _lines(words.against(case.clues))}
    subject = gettext("Somebody seems to send mail with the password of {address}")
    text = gettext(
        "Hello,\n\n"
        "since {opened} (UTC) mail is sent with the password of {address} that does not look like "
        "its owner's. So that nobody takes your domain for a sender of spam, it is held: nothing "
        "of it is lost, and mail to you still arrives.\n\n"
        "Why we think so:\n{why}\n"
        "From where it was sent (times in UTC):\n{networks}\n"
        "Held messages: {held}. Suspicious messages that had gone before: {out}, to {recipients} "
        "recipients.\n\n"
        "Some of the subjects:\n{subjects}\n"
        "What to do: open the page below and sign in. If it was you, release the mailbox; if it "
        "was not, delete what is held. In both cases set a new password that you use nowhere "
        "else, and look whether rules or forwarders were changed.\n\n{link}\n"
    )
    return subject.format(**facts), text.format(**facts)


def _letter_to_operator(case: Case, *, told: list[tuple[str, str]]) -> tuple[str, str]:
    weighed = [
        f"{one.words} {one.facts} ({one.nats:+.1f})".replace("  ", " ")
        for one in words.clues_told(case.clues)
    ]
    facts = _facts(case) | {
        "why": _lines(weighed),
        "nats": f"{case.nats:.1f}",
        "bound": f"{case.bound:.1f}",
        "step": words.step_words(case.step)[1],
        "told": gettext("The customer was told at {address}.").format(address=told[0][0])
        if told
        else gettext(
            "Nobody else could be told: the customer has no contact address outside the mailbox."
        ),
    }
    text = gettext(
        "Hello,\n\n"
        "the mailbox {address} at the server {server} looks stolen since {opened} (UTC): {step}. "
        "The evidence is {nats} of {bound}.\n\n"
        "What weighs most:\n{why}\n"
        "From where it was sent (times in UTC):\n{networks}\n"
        "Held messages: {held}. Got out before: {out}, to {recipients} recipients.\n\n"
        "Some of the subjects:\n{subjects}\n"
        "{told}\n\n{link}\n"
    )
    return gettext("{address} looks stolen").format(**facts), text.format(**facts)


def _reminder(case: Case, waiting: int, under_way: int) -> tuple[str, str]:
    lines = []
    if waiting:
        lines.append(
            ngettext(
                "{n} message waits until somebody decides: send it or delete it.",
                "{n} messages wait until somebody decides: send them or delete them.",
                waiting,
            ).format(n=waiting)
        )
    if under_way:
        lines.append(
            ngettext(
                "{n} message was decided, and its server has not done it yet.",
                "{n} messages were decided, and their server has not done it yet.",
                under_way,
            ).format(n=under_way)
        )
    facts = {"address": case.address, "lines": "\n".join(lines), "link": _link(case)}
    return (
        gettext("Held mail of {address} still waits").format(**facts),
        gettext(
            "Hello,\n\nmail of {address} is held since the mailbox looked stolen.\n\n{lines}\n\n"
            "Nothing is deleted by itself.\n\n{link}\n"
        ).format(**facts),
    )
