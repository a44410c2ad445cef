"""Complaints about mail of ours: a report read, joined with the message it names, and kept.

Anybody can send a report about anything, so it counts only where it names a message that was sent
from here, and once a message. Whoever got a message can complain about it: a report is no more.
"""

from __future__ import annotations

import datetime as dt
import re
from hashlib import sha256

from django.db import transaction

from mailstead.control.delivery.models import Complaint, Delivery, Message
from mailstead.control.feed import queries as orders
from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Mailbox, Server
from mailstead.standards import arf, mime
from mailstead.standards.arf import Report
from mailstead.wire.orders import TellComplaint

KEEP = dt.timedelta(days=365)
LOT = 1000
TELL_FOR = dt.timedelta(days=3)
"""For which a node that is away is told again: what is older says little of the present."""
TELL_AGAIN = dt.timedelta(minutes=11)
"""After each order; those that no node takes are given up earlier (`feed.ORDER_LIVES`)."""
PRAISE = "not-spam"
# What our own Postfix writes: "by mail.example.org (Postfix) with ESMTPSA id 4jYtqy27ZpzLsnY".
_RECEIVED = re.compile(
    r"\bby (?P<host>[A-Za-z0-9.-]{1,253}) \([^()]{0,60}\) with \w{1,12} "
    r"id (?P<queue>[0-9A-Za-z]{10,24})\b"
)


@transaction.atomic
def record_complaint(*, raw: bytes, received: dt.datetime, now: dt.datetime) -> Complaint | None:
    """Keep a report (RFC 5965 or Microsoft's form); None where the message is none.

    One that comes twice is kept once. Without a message of ours it is kept for the operator.
    """
    report = arf.parse(raw)
    if report is None:
        return None
    digest = sha256(raw).hexdigest()
    known = Complaint.objects.filter(digest=digest).first()
    if known is not None:
        return known
    message = _message(report, raw)
    delivery = _delivery(message, report) if message else None
    sender = message if message and message.mailbox else None
    # What was only forwarded is its owner's affair, but nobody of theirs has written it.
    owner = sender or delivery
    made = Complaint.objects.create(
        digest=digest,
        received=received,
        kind=report.kind[:40],
        reporter=_reporter(raw, report)[:253],
        recipient=(report.recipients[0].lower() if report.recipients else "")[:320],
        source=report.source[:45],
        message_id=_bare(report.message_id)[:250],
        delivery=delivery.pk if delivery else None,
        customer=owner.customer if owner else None,
        domain=owner.domain if owner else None,
        mailbox=sender.mailbox if sender else None,
    )
    _tell_guard(made, now)
    return made


def _tell_guard(made: Complaint, now: dt.datetime) -> None:
    """Let the guard of the mailbox's node know of each hour's first: more of them weigh no more."""
    if made.mailbox is None or made.kind == PRAISE:
        return
    hour = made.received.replace(minute=0, second=0, microsecond=0)
    told = Complaint.objects.filter(mailbox=made.mailbox, received__gte=hour)
    if told.exclude(pk=made.pk).exclude(kind=PRAISE).exists():
        return
    _ask(made, now)


def _ask(row: Complaint, now: dt.datetime) -> None:
    living = Mailbox.objects.filter(removed_at=None, domain__removed_at=None, pk=row.mailbox or 0)
    mailbox = living.select_related("domain__server").first()
    row.order, row.guard_due = None, None
    if mailbox is not None:
        asked = feed.ask(
            server=mailbox.domain.server.name,
            order=TellComplaint(mailbox=mailbox.address, at=row.received),
            key="",
            actor_name=f"complaint {row.pk}",
            now=now,
        )
        row.order, row.guard_due = asked.pk, now + TELL_AGAIN
    row.save(update_fields=["order", "guard_due"])


def tell_again(now: dt.datetime) -> int:
    """Tell guards of complaints that their nodes have not taken, for three days; returns how many.

    A node that took one and could not say so hears of it twice: that weighs no more.
    """
    due = Complaint.objects.filter(guard_due__lte=now).order_by("guard_due", "pk")
    return sum(_see_to(number, now) for number in list(due.values_list("pk", flat=True)[:LOT]))


@transaction.atomic
def _see_to(number: int, now: dt.datetime) -> int:
    # One of several workers: who comes second finds nothing due.
    row = Complaint.objects.select_for_update().filter(pk=number, guard_due__lte=now).first()
    if row is None:
        return 0
    if orders.is_answered(row.order) or row.received < now - TELL_FOR:
        row.guard_due = None
        row.save(update_fields=["guard_due"])
        return 0
    _ask(row, now)
    return 1


def _bare(message_id: str) -> str:
    return message_id.removeprefix("<").removesuffix(">")


def _reporter(raw: bytes, report: Report) -> str:
    """The domain of the report's author, as people know it."""
    author = mime.message(raw).header("from").rstrip("> ").rpartition("@")[2].lower()
    return author if re.fullmatch(r"[a-z0-9.-]{1,253}", author) else report.reporter


def _message(report: Report, raw: bytes) -> Message | None:
    """The message of ours that it is about: by Message-ID, else by its number in our queue."""
    name = _bare(report.message_id)[:250]
    if name:
        rows = Message.objects.filter(message_id=name)
        found = rows.exclude(mailbox=None).order_by("-at").first() or rows.order_by("-at").first()
        if found is not None:
            return found
    original = mime.enclosed(list(mime.walk(mime.message(raw))))
    for line in original.headers("received"):
        trace = _RECEIVED.search(line)
        server = Server.objects.filter(hostname=trace["host"].lower()).first() if trace else None
        if trace and server:
            found = Message.objects.filter(queue=trace["queue"], server=server.name).first()
            if found is not None:
                return found
    return None


def _delivery(message: Message, report: Report) -> Delivery | None:
    """Its row of the log: of the recipient who complained where the report tells, else any."""
    names = [name.lower() for name in report.recipients]
    rows = Delivery.objects.filter(message=message).order_by("pk")
    out = rows.exclude(side="in")
    return rows.filter(recipient__in=names, side="out").first() or out.first() or rows.first()


def drop_old(now: dt.datetime) -> int:
    """Forget complaints after a year; returns how many."""
    old = Complaint.objects.filter(received__lt=now - KEEP).values_list("pk", flat=True)[:LOT]
    return Complaint.objects.filter(pk__in=list(old)).delete()[0]
