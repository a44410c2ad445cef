"""The delivery of mail as rows."""

from mailstead.control.delivery.models.answers import ReceiverDay
from mailstead.control.delivery.models.listings import Listing
from mailstead.control.delivery.models.log import Attempt, Delivery, Message
from mailstead.control.delivery.models.pools import (
    AddressRest,
    RouteChoice,
    SenderMark,
    SendingAddress,
    SendingSettings,
    SentCount,
)
from mailstead.control.delivery.models.reports import DmarcRow, Report, ReportMail, TlsRow
from mailstead.control.delivery.models.suppression import Complaint, Suppression

__all__ = [
    "AddressRest",
    "Attempt",
    "Complaint",
    "Delivery",
    "DmarcRow",
    "Listing",
    "Message",
    "ReceiverDay",
    "Report",
    "ReportMail",
    "RouteChoice",
    "SenderMark",
    "SendingAddress",
    "SendingSettings",
    "SentCount",
    "Suppression",
    "TlsRow",
]
