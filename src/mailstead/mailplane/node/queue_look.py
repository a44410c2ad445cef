"""Looking at the queue for a person: which messages match, and what they have in common."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from mailstead.home import Home
from mailstead.mailplane.engines.postfix import queue
from mailstead.wire.orders import Count, ListQueue, QueuedMessage, QueuedRecipient, QueueListed

MOST = 50_000
"""Messages that are read for one answer."""
_RECIPIENTS = 10
_NAMES = 50
_REASON = 200


def look(home: Home, order: ListQueue) -> QueueListed:
    """The answer to `ListQueue`. Raises `EngineError`."""
    matching = total = 0
    queues, domains, reasons = Counter[str](), Counter[str](), Counter[str]()
    first = _First(order.limit, order.newest_first)
    now = time.time()
    with closing(queue.messages(home)) as rows:
        for row in itertools.islice(rows, MOST):
            total += 1
            if not _matches(row, order, now):
                continue
            matching += 1
            queues[row["queue_name"]] += 1
            domains.update({_domain(one["address"]) for one in row["recipients"]})
            reasons.update({_reason(one) for one in row["recipients"]} - {""})
            first.offer(row)
        cut = next(rows, None) is not None
    return QueueListed(
        messages=tuple(_queued(row) for row in first.rows()),
        matching=matching,
        total=total,
        queues=_most(queues),
        domains=_most(domains),
        reasons=_most(reasons),
        cut=cut,
    )


class _First:
    """The first messages by age, whatever the order in which they come."""

    def __init__(self, limit: int, newest: bool) -> None:
        self._limit = limit
        self._sign = 1 if newest else -1
        self._heap: list[tuple[int, int, dict[str, Any]]] = []
        self._serial = itertools.count()

    def offer(self, row: dict[str, Any]) -> None:
        item = (self._sign * int(row["arrival_time"]), next(self._serial), row)
        if len(self._heap) < self._limit:
            heapq.heappush(self._heap, item)
        elif self._limit:
            heapq.heappushpop(self._heap, item)

    def rows(self) -> Iterator[dict[str, Any]]:
        for _, _, row in sorted(self._heap, reverse=True):
            yield row


def _matches(row: Mapping[str, Any], order: ListQueue, now: float) -> bool:
    if order.queue and row["queue_name"] != order.queue:
        return False
    if order.older_than and now - int(row["arrival_time"]) < order.older_than:
        return False
    if order.sender_domain and _domain(row["sender"]) != order.sender_domain.lower():
        return False
    recipients = row["recipients"]
    if order.recipient_domain:
        wanted = order.recipient_domain.lower()
        recipients = [one for one in recipients if _domain(one["address"]) == wanted]
    if order.reason:
        part = order.reason.lower()
        recipients = [one for one in recipients if part in one.get("delay_reason", "").lower()]
    return bool(recipients)


def _domain(address: str) -> str:
    bare = "" if address == "MAILER-DAEMON" else address
    return bare.rpartition("@")[2].lower() or "<>"


def _reason(recipient: Mapping[str, str]) -> str:
    return recipient.get("delay_reason", "")[:_REASON]


def _most(counter: Counter[str]) -> tuple[Count, ...]:
    return tuple(Count(name=name, count=count) for name, count in counter.most_common(_NAMES))


def _queued(row: Mapping[str, Any]) -> QueuedMessage:
    recipients = row["recipients"]
    return QueuedMessage(
        id=row["queue_id"],
        queue=row["queue_name"],
        arrived=dt.datetime.fromtimestamp(int(row["arrival_time"]), dt.UTC),
        size=int(row["message_size"]),
        sender="" if row["sender"] == "MAILER-DAEMON" else row["sender"],
        recipients=tuple(
            QueuedRecipient(address=one["address"], reason=_reason(one))
            for one in recipients[:_RECIPIENTS]
        ),
        recipient_count=len(recipients),
    )
