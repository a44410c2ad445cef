"""What may happen in the delivery of mail, and recording what nodes tell of it."""

from mailstead.control.delivery.services.aggregates import drop_old_reports
from mailstead.control.delivery.services.answers import drop_old as drop_old_answers
from mailstead.control.delivery.services.complaints import drop_old as drop_old_complaints
from mailstead.control.delivery.services.complaints import record_complaint, tell_again
from mailstead.control.delivery.services.events import record
from mailstead.control.delivery.services.listings import drop_old_listings, look_at_lists
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
from mailstead.control.delivery.services.report_mail import drop_unread, read_due
from mailstead.control.delivery.services.rest_orders import rest_address
from mailstead.control.delivery.services.suppression import end_due, release, snapshot

__all__ = [
    "KEEP",
    "create_address",
    "drop_old",
    "drop_old_answers",
    "drop_old_complaints",
    "drop_old_listings",
    "drop_old_reports",
    "drop_old_rests",
    "drop_unread",
    "end_due",
    "look_at_lists",
    "mark_sender",
    "read_due",
    "record",
    "record_complaint",
    "release",
    "remove_address",
    "rest_address",
    "set_ceilings",
    "set_relay",
    "snapshot",
    "tell_again",
    "unmark_sender",
    "update_address",
]
