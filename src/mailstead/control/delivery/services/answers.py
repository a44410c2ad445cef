"""Counting how receivers answer, from the attempts that nodes tell."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence

from mailstead.control.delivery.causes import cause
from mailstead.control.delivery.models import ReceiverDay
from mailstead.control.delivery.models.answers import COUNTS
from mailstead.standards import mail_hosts
from mailstead.wire.events import AnyEvent, AttemptSeen

KEEP = dt.timedelta(days=90)
_ENDED = {"sent", "deferred", "bounced"}

Key = tuple[dt.date, str, str]


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Count a batch's attempts at receivers; inside the batch's transaction."""
    told: dict[Key, Counter[str]] = defaultdict(Counter)
    for event in events:
        if isinstance(event, AttemptSeen) and event.source and event.outcome in _ENDED:
            told[_key(event, now)][_column(event)] += 1
    if not told:
        return
    rows = {
        (row.day, row.source, row.receiver): row
        for row in ReceiverDay.objects.filter(
            server=server,
            day__in={day for day, _, _ in told},
            source__in={source for _, source, _ in told},
            receiver__in={receiver for _, _, receiver in told},
        )
    }
    for key, counts in told.items():
        day, source, receiver = key
        row = rows.get(key)
        if row is None:
            row = rows[key] = ReceiverDay(server=server, source=source, receiver=receiver, day=day)
        for name, count in counts.items():
            setattr(row, name, getattr(row, name) + count)
    # A node's batches come one after the other, and the rows are of this node alone.
    ReceiverDay.objects.bulk_create(
        [rows[key] for key in told],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["day", "server", "source", "receiver"],
        update_fields=COUNTS,
    )


def _key(event: AttemptSeen, now: dt.datetime) -> Key:
    domain = event.recipient.rpartition("@")[2]
    # A server that was not reached says nothing of whose it is.
    receiver = mail_hosts.by_domain(domain) or mail_hosts.by_server(event.relay) or domain
    return min(event.at, now).astimezone(dt.UTC).date(), event.source[:24], receiver[:253]


def _column(event: AttemptSeen) -> str:
    if event.outcome == "sent":
        return "accepted"
    found = cause(event.outcome, event.dsn, event.reply)
    return found if found in COUNTS else "other"


def drop_old(now: dt.datetime) -> int:
    """Forget what is older than three months; returns how many rows went."""
    return ReceiverDay.objects.filter(day__lt=(now - KEEP).date()).delete()[0]
