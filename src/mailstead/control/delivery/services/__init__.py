"""What may happen in the delivery of mail, and recording what nodes tell of it."""

from mailstead.control.delivery.services.events import record
from mailstead.control.delivery.services.log import KEEP, drop_old

__all__ = ["KEEP", "drop_old", "record"]
