"""What a node tells of a stolen mailbox, in short words for tests."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from mailstead.control.feed import services as feed
from mailstead.control.protection import services
from mailstead.control.protection.models import Case
from mailstead.wire.events import AnyEvent, AttemptSeen, CaseSeen, MessageKept
from mailstead.wire.protection import ClientSeen, Clue

_numbers = itertools.count()
MINUTE = dt.timedelta(minutes=1)


def case_seen(mailbox: str, at: dt.datetime, case: str = "c1", **more: Any) -> CaseSeen:
    """Held since three minutes, sent from one strange network."""
    values: dict[str, Any] = {
        "step": "hold",
        "opened": at - 3 * MINUTE,
        "nats": 11.5,
        "bound": 9.2,
        "clues": (
            Clue(signal="people-new", nats=5.0, at=at, facts="8"),
            Clue(signal="network-new", nats=4.0, at=at - 2 * MINUTE, facts="AS 8151, MX"),
            Clue(signal="read-here", nats=-0.5, at=at),
        ),
        "clients": (
            ClientSeen(
                client="198.51.100.7",
                first=at - 3 * MINUTE,
                last=at,
                messages=6,
                country="MX",
            ),
        ),
        "messages": 2,
        "recipients": 9,
        "held": 4,
        **more,
    }
    return CaseSeen(id=f"cs{next(_numbers)}", at=at, case=case, mailbox=mailbox, **values)


def kept(mailbox: str, at: dt.datetime, queue: str, case: str = "c1", **more: Any) -> MessageKept:
    """A message to two people."""
    values: dict[str, Any] = {
        "taken": at,
        "sender": mailbox,
        "recipients": ("joe@far.example", "jil@far.example"),
        "recipient_count": 2,
        "size": 4000,
        "subject": f"Hello {queue}",
        "client": "198.51.100.7",
        **more,
    }
    return MessageKept(
        id=f"mk{next(_numbers)}", at=at, case=case, mailbox=mailbox, queue=queue, **values
    )


def attempt(queue: str, at: dt.datetime, outcome: Any) -> AttemptSeen:
    """What became of all that is left of a message."""
    return AttemptSeen(id=f"at{next(_numbers)}", at=at, queue=queue, outcome=outcome)


def queue_id(number: int) -> str:
    """A number as Postfix gives them."""
    return f"4jYmxT3Lbb{number:05d}"


def tell(now: dt.datetime, *events: AnyEvent, server: str = "node1") -> int:
    """As the feed's door records a batch."""
    return feed.record_events(
        server=server,
        events=events,
        handle=lambda _: None,
        record=services.record,
        now=now,
    )


def told_case(
    mailbox: str, now: dt.datetime, case: str = "c1", messages: int = 3, server: str = "node1"
) -> Case:
    """A case with kept messages, as it stands after a batch."""
    ids = (queue_id(n + 100 * (sum(case.encode()) % 97)) for n in range(messages))
    messages_kept = (kept(mailbox, now, one, case) for one in ids)
    tell(now, case_seen(mailbox, now, case), *messages_kept, server=server)
    return Case.objects.select_related(
        "mailbox__domain__customer__reseller", "mailbox__domain__server"
    ).get(number=case)
