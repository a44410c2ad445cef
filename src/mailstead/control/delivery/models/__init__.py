"""The delivery of mail as rows."""

from mailstead.control.delivery.models.listings import Listing
from mailstead.control.delivery.models.log import Attempt, Delivery, Message
from mailstead.control.delivery.models.reports import DmarcRow, Report, ReportMail, TlsRow

__all__ = [
    "Attempt",
    "Delivery",
    "DmarcRow",
    "Listing",
    "Message",
    "Report",
    "ReportMail",
    "TlsRow",
]
