"""The delivery of mail as rows."""

from mailstead.control.delivery.models.log import Attempt, Delivery, Message
from mailstead.control.delivery.models.pools import (
    AddressRest,
    RouteChoice,
    SenderMark,
    SendingAddress,
    SendingSettings,
    SentCount,
)

__all__ = [
    "AddressRest",
    "Attempt",
    "Delivery",
    "Message",
    "RouteChoice",
    "SenderMark",
    "SendingAddress",
    "SendingSettings",
    "SentCount",
]
