"""The delivery of mail as rows."""

from mailstead.control.delivery.models.listings import Listing
from mailstead.control.delivery.models.log import Attempt, Delivery, Message

__all__ = ["Attempt", "Delivery", "Listing", "Message"]
