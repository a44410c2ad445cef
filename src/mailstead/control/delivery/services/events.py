"""What nodes tell, handed to each part of delivery that records some of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from mailstead.control.delivery.services import (
    answers,
    listings,
    log,
    pools,
    report_mail,
    returns,
    suppression,
)
from mailstead.control.hosting.services import record_certificates, record_sending
from mailstead.wire.events import AnyEvent

RECORDERS = (
    log.record,
    answers.record,
    listings.record,
    suppression.record,
    returns.record,
    record_sending,
    report_mail.record,
    record_certificates,
    pools.record,
)
"""Each takes the server, its new events and the time, and records those that are its own. The log
comes before those who ask it."""


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record a batch from a node; inside the transaction that records its numbers."""
    for recorder in RECORDERS:
        recorder(server, events, now)
