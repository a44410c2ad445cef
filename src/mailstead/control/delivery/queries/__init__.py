"""What can be asked of the delivery of mail, from an actor."""

from mailstead.control.delivery.queries.answers import ReceiverAnswers, receiver_answers
from mailstead.control.delivery.queries.listings import listings
from mailstead.control.delivery.queries.log import (
    attempts_of,
    deliveries,
    delivery_numbered,
    recipients_of,
)
from mailstead.control.delivery.queries.pools import (
    choices,
    counts,
    names_of_ways,
    past_rests,
    plan_of,
    rests,
    sender_marks,
    sending_address,
    sending_addresses,
    settings_of,
)
from mailstead.control.delivery.queries.reports import (
    dmarc_days,
    dmarc_rows,
    reporters,
    sources,
    tls_days,
    tls_failures,
    unread_reports,
)
from mailstead.control.delivery.queries.suppression import (
    Signals,
    complaints,
    signals,
    suppression_numbered,
    suppressions,
)

__all__ = [
    "ReceiverAnswers",
    "Signals",
    "attempts_of",
    "choices",
    "complaints",
    "counts",
    "deliveries",
    "delivery_numbered",
    "dmarc_days",
    "dmarc_rows",
    "listings",
    "names_of_ways",
    "past_rests",
    "plan_of",
    "receiver_answers",
    "recipients_of",
    "reporters",
    "rests",
    "sender_marks",
    "sending_address",
    "sending_addresses",
    "settings_of",
    "signals",
    "sources",
    "suppression_numbered",
    "suppressions",
    "tls_days",
    "tls_failures",
    "unread_reports",
]
