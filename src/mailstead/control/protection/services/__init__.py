"""What may happen."""

from mailstead.control.protection.services.deciding import (
    DECISIONS,
    Decision,
    confirm,
    decide,
    release,
)
from mailstead.control.protection.services.events import record, snapshot
from mailstead.control.protection.services.guard_words import end_words
from mailstead.control.protection.services.settle import settle_due
from mailstead.control.protection.services.telling import remind_due, tell_due

__all__ = [
    "DECISIONS",
    "Decision",
    "confirm",
    "decide",
    "end_words",
    "record",
    "release",
    "remind_due",
    "settle_due",
    "snapshot",
    "tell_due",
]
