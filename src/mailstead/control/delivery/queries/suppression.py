"""What can be asked about recipients who are not there, and about complaints, from an actor."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from mailstead.control.delivery.causes import TROUBLE
from mailstead.control.delivery.models import Complaint, Delivery, Suppression
from mailstead.control.delivery.queries.scope import of_rows
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

GOOD = frozenset({"not-spam", "auth-failure"})
"""Kinds of reports that complain about nobody."""


def suppressions(
    actor: Actor, *, mailbox: int | None = None, search: str = "", ended: bool | None = None
) -> QuerySet[Suppression]:
    """Those that the actor sees; `search` is part of an address, `ended` None: all."""
    rows = Suppression.objects.filter(of_rows(actor))
    if mailbox is not None:
        rows = rows.filter(mailbox=mailbox)
    if ended is not None:
        rows = rows.filter(ended__isnull=not ended)
    text = search.strip().lower()
    if text:
        rows = rows.filter(Q(recipient__contains=text) | Q(address__contains=text))
    return rows.order_by("-since", "-pk")


def suppression_numbered(actor: Actor, number: int, *, mailbox: int | None = None) -> Suppression:
    """The one of that number; raises `Refusal` (`suppression-unknown`)."""
    found = suppressions(actor, mailbox=mailbox).filter(pk=number).first()
    if found is None:
        raise Refusal("suppression-unknown", "There is no such entry.")
    return found


def complaints(
    actor: Actor, *, mailbox: int | None = None, search: str = ""
) -> QuerySet[Complaint]:
    """Those that the actor sees; `search` is a whole address or Message-ID."""
    rows = Complaint.objects.filter(of_rows(actor))
    if mailbox is not None:
        rows = rows.filter(mailbox=mailbox)
    text = search.strip().removeprefix("<").removesuffix(">")
    if text:
        rows = rows.filter(Q(recipient=text.lower()) | Q(message_id=text) | Q(reporter=text))
    return rows.order_by("-received", "-pk")


@dataclass(frozen=True)
class Signals:
    """What others have said about a mailbox's mail in a time; what a guard goes by."""

    hard_bounces: int
    """Recipients to whom mail failed for good."""
    unknown_recipients: int
    """Different addresses that do not exist, at sending or later."""
    complaints: int
    """Messages that somebody called spam, each once."""


def signals(mailbox: int, since: dt.datetime) -> Signals:
    """The signals about the mailbox of that number since then; three look-ups in indexes."""
    rows = Delivery.objects.filter(
        mailbox=mailbox, side="out", state__in=TROUBLE, at__gte=since
    ).order_by()
    bounced = rows.filter(state__in=("bounced", "returned", "expired"))
    unknown = rows.filter(cause="no-mailbox").values("recipient").distinct()
    said = Complaint.objects.filter(mailbox=mailbox, received__gte=since).exclude(kind__in=GOOD)
    return Signals(
        hard_bounces=bounced.count(),
        unknown_recipients=unknown.count(),
        complaints=said.values("delivery").distinct().count(),
    )
