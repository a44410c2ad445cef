"""What may happen in the delivery of mail, and recording what nodes tell of it."""

from mailstead.control.delivery.services.events import record
from mailstead.control.delivery.services.listings import drop_old_listings, look_at_lists
from mailstead.control.delivery.services.log import KEEP, drop_old

__all__ = ["KEEP", "drop_old", "drop_old_listings", "look_at_lists", "record"]
