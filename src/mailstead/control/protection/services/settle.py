"""Kept messages on which somebody has decided: the node is asked until it has done it.

An order that the node cannot do, or that nobody takes for ten minutes, is asked again, later each
time but for ever: a decision does not expire, and neither does a kept message.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.db import transaction
from django.db.models import Q

from mailstead.control.feed import queries as feed_queries
from mailstead.control.feed import services as feed
from mailstead.control.feed.models import Order
from mailstead.control.protection.models import Case, KeptMessage
from mailstead.wire.orders import MOST_IDS, DeleteMail, MailMoved, ReleaseMail

FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(hours=1)
LOOKS = 3
"""So often the node must say that a message is not there before it is believed: it may be on its
way into the queue."""
LOT = 2000
_DONE = {"send": "sent", "delete": "deleted"}


def settle_due(now: dt.datetime) -> int:
    """Read what nodes have answered, and ask them for what is due; returns how many messages."""
    return _read(now) + ask_due(now)


def _read(now: dt.datetime) -> int:
    """What came of the orders that are under way."""
    under_way = KeptMessage.objects.filter(state="waiting", order__isnull=False)
    found = under_way.order_by("order").values_list("order", flat=True).distinct()[:LOT]
    numbers = [number for number in found if number is not None]
    if not numbers:
        return 0
    orders = {row.pk: row for row in Order.objects.filter(pk__in=numbers)}
    count = 0
    for number in numbers:
        order = orders.get(number)
        if order is not None and order.answered_at is None:
            if now - order.asked_at <= feed.ORDER_LIVES:
                continue
            # Nobody else may look at it for long: the node is away.
            feed.expire(now)
            order.refresh_from_db()
        with transaction.atomic():
            count += _settle(order, number, now)
    return count


def _settle(order: Order | None, number: int, now: dt.datetime) -> int:
    """Settle the messages of one order; None: it was forgotten without an answer."""
    moved = feed_queries.answer_of(order) if order is not None and not order.words else None
    done = set(moved.done) if isinstance(moved, MailMoved) else set()
    missing = set(moved.missing) if isinstance(moved, MailMoved) else set()
    rows = KeptMessage.objects.select_for_update().filter(order=number, state="waiting")
    count = 0
    for row in rows:
        row.order = None
        if row.queue in done:
            row.state, row.due_at = _DONE[row.decision], None
        elif row.queue in missing and row.tries + 1 >= LOOKS:
            row.state, row.due_at = "gone", None
        else:
            row.due_at = now + min(FIRST_PAUSE * 2 ** min(row.tries, 10), LONGEST_PAUSE)
            row.tries += 1
        row.save(update_fields=["order", "state", "due_at", "tries"])
        count += 1
    return count


def ask_due(now: dt.datetime, case: Case | None = None) -> int:
    """Ask the nodes for what is due, of one case or of all; returns how many messages."""
    due = KeptMessage.objects.filter(state="waiting", order=None).exclude(decision="none")
    due = due.filter(Q(due_at=None) | Q(due_at__lte=now))
    if case is not None:
        due = due.filter(case=case)
    if not due.exists():
        return 0
    count = 0
    with transaction.atomic():
        groups: dict[tuple[str, str, str], list[KeptMessage]] = defaultdict(list)
        for row in due.select_for_update().order_by("pk")[:LOT]:
            groups[row.server, row.decision, row.decided_by].append(row)
        for (server, decision, actor), rows in groups.items():
            for start in range(0, len(rows), MOST_IDS):
                part = rows[start : start + MOST_IDS]
                ids = tuple(row.queue for row in part)
                order = ReleaseMail(ids=ids) if decision == "send" else DeleteMail(ids=ids)
                asked = feed.ask(
                    server=server, order=order, key="", actor_name=actor or "system", now=now
                )
                KeptMessage.objects.filter(pk__in=[row.pk for row in part]).update(order=asked.pk)
                count += len(part)
    return count
