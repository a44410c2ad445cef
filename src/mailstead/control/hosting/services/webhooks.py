"""Which webhooks hear of which entries: a reseller's also of what is done for the own customers."""

from __future__ import annotations

import datetime as dt

from mailstead.control.hosting.models import Customer
from mailstead.control.people import services as people


def enqueue_webhooks(now: dt.datetime) -> int:
    """Make deliveries of what was done since; returns how many."""
    return people.enqueue(now, _below)


def _below(customer: int) -> list[int]:
    rows = Customer.objects.filter(reseller=customer)
    return list(rows.values_list("pk", flat=True))
