"""What may happen in the delivery of mail, and recording what nodes tell of it."""

from mailstead.control.delivery.services.events import record
from mailstead.control.delivery.services.log import KEEP, drop_old
from mailstead.control.delivery.services.pools import (
    create_address,
    mark_sender,
    remove_address,
    set_ceilings,
    set_relay,
    unmark_sender,
    update_address,
)
from mailstead.control.delivery.services.pools import (
    drop_old as drop_old_rests,
)
from mailstead.control.delivery.services.rest_orders import rest_address

__all__ = [
    "KEEP",
    "create_address",
    "drop_old",
    "drop_old_rests",
    "mark_sender",
    "record",
    "remove_address",
    "rest_address",
    "set_ceilings",
    "set_relay",
    "unmark_sender",
    "update_address",
]
