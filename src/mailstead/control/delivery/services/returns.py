"""Messages that another host took and sent back later, as its notification to our user says.

The log's row of that recipient says so, with the reason. Nothing else follows: a notification can
be made by anybody who has seen the message, so it stops no mail (docs/decisions/0031).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from mailstead.control.delivery.causes import cause
from mailstead.control.delivery.models import Attempt, Delivery, Message
from mailstead.wire.events import AnyEvent, ReturnedRecipient, ReturnSeen

WITHIN = dt.timedelta(days=8)
"""How long a host may try before it gives up; five days are usual (RFC 5321 §4.5.4.1)."""


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record what a batch tells of them; messages that nobody here sent are left alone."""
    for event in events:
        if isinstance(event, ReturnSeen) and event.message_id:
            sent = Message.objects.filter(message_id=event.message_id[:250])
            recent = sent.exclude(mailbox=None).filter(at__gte=now - WITHIN)
            for message in recent.order_by("-at")[:3]:
                for one in event.recipients:
                    _returned(message, event, one, now)


def _returned(
    message: Message, event: ReturnSeen, one: ReturnedRecipient, now: dt.datetime
) -> None:
    facts = {
        "dsn": one.status[:11],
        "reply": one.words.replace("\x00", "")[:500],
        "relay": event.host[:253],
        "cause": cause("returned", one.status, one.words),
    }
    at = min(event.at, now)
    rows = Delivery.objects.filter(message=message, recipient=one.recipient, state="sent")
    if rows.update(state="returned", updated=at, **facts):
        Attempt.objects.create(
            message=message, recipient=one.recipient, outcome="returned", at=at, **facts
        )
