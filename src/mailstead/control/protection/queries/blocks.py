"""What can be asked about blocked log-ins: by the company all, by a person their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.control.protection.models import LoginBlock
from mailstead.standards.client import client as client_at
from mailstead.standards.refusal import Refusal

MOST = 50
"""Blocked accounts of one client that are looked at for one person."""


def blocks(
    actor: Actor, *, now: dt.datetime, search: str = "", held: bool | None = None
) -> QuerySet[LoginBlock]:
    """Those that the actor sees; `search` is part of a client or account, `held` None: all."""
    rows = LoginBlock.objects.all()
    if not (actor.sees_everything and roles.may(actor, "block.view")):
        rows = rows.none()
    holds = Q(ended=None, until__gt=now)
    if held is not None:
        rows = rows.filter(holds) if held else rows.exclude(holds)
    text = search.strip().lower()
    if text:
        found = Q(client__contains=text) | Q(account__contains=text)
        exact = client_at(text)
        rows = rows.filter(found | Q(client=exact.key) if exact else found)
    return rows.order_by("-since", "-pk")


@dataclass(frozen=True)
class Standing:
    """How it stands with the log-ins of one client, as anybody may know who comes from there."""

    client: str
    """Empty: not known."""
    whole: LoginBlock | None = None
    """At all accounts."""
    some_until: dt.datetime | None = None
    """At one or more accounts, of which nothing is said; None: at none."""


@dataclass(frozen=True)
class OwnBlock:
    """A block at an account of the reader's."""

    mailbox: Mailbox
    reason: str
    until: dt.datetime


def standing(address: str, now: dt.datetime) -> Standing:
    """What holds for a network address."""
    found = client_at(address)
    if found is None:
        return Standing("")
    rows = LoginBlock.objects.filter(client=found.key, ended=None, until__gt=now)
    whole = rows.filter(account="").order_by("-until").first()
    some = rows.exclude(account="").order_by("-until").values_list("until", flat=True).first()
    return Standing(found.key, whole, some)


def own_blocks(actor: Actor, address: str, now: dt.datetime) -> list[OwnBlock]:
    """What keeps the reader out of their own accounts at a network address."""
    found = client_at(address)
    if found is None or actor.sees_everything or not roles.may(actor, "own-block.view"):
        return []
    holds = LoginBlock.objects.filter(ended=None, until__gt=now)
    rows: Iterable[LoginBlock] = holds.filter(client=found.key).exclude(account="")[:MOST]
    if actor.kind == "mailbox":
        own = Mailbox.objects.filter(pk=actor.mailbox).select_related("domain").first()
        if own is not None:
            rows = holds.filter(client__in=[found.key, ""], account=own.address)
    seen = []
    for row in rows:
        mailbox = _own(actor, row.account)
        if mailbox is not None:
            seen.append(OwnBlock(mailbox, row.reason, row.until))
    return seen


def _own(actor: Actor, account: str) -> Mailbox | None:
    try:
        return hosting.mailbox_named(actor, account)
    except Refusal:
        return None
