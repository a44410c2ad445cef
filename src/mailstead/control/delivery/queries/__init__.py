"""What can be asked of the delivery of mail, from an actor."""

from mailstead.control.delivery.queries.listings import listings
from mailstead.control.delivery.queries.log import (
    attempts_of,
    deliveries,
    delivery_numbered,
    recipients_of,
)

__all__ = ["attempts_of", "deliveries", "delivery_numbered", "listings", "recipients_of"]
