"""What can be asked of the delivery of mail, from an actor."""

from mailstead.control.delivery.queries.listings import listings
from mailstead.control.delivery.queries.log import (
    attempts_of,
    deliveries,
    delivery_numbered,
    recipients_of,
)
from mailstead.control.delivery.queries.suppression import (
    Signals,
    complaints,
    signals,
    suppression_numbered,
    suppressions,
)

__all__ = [
    "Signals",
    "attempts_of",
    "complaints",
    "deliveries",
    "delivery_numbered",
    "listings",
    "recipients_of",
    "signals",
    "suppression_numbered",
    "suppressions",
]
