"""What can be asked of the delivery of mail, from an actor."""

from mailstead.control.delivery.queries.log import (
    attempts_of,
    deliveries,
    delivery_numbered,
    recipients_of,
)
from mailstead.control.delivery.queries.pools import (
    choices,
    counts,
    past_rests,
    plan_of,
    rests,
    sender_marks,
    sending_address,
    sending_addresses,
    settings_of,
)

__all__ = [
    "attempts_of",
    "choices",
    "counts",
    "deliveries",
    "delivery_numbered",
    "past_rests",
    "plan_of",
    "recipients_of",
    "rests",
    "sender_marks",
    "sending_address",
    "sending_addresses",
    "settings_of",
]
