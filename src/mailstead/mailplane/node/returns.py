"""Reports of other hosts that a message of ours did not arrive after all (RFC 3464), from the log.

Rspamd puts what such a message says into the log (`engines/rspamd/facts.py`); here it is read like
any notification. It proves nothing: the control plane looks for the message among those that were
sent, and stops no mail because of it.
"""

from __future__ import annotations

import base64
import binascii

from mailstead.mailplane.engines.postfix.delivery_lines import Fact
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.standards import dsn
from mailstead.wire.events import ReturnedRecipient, ReturnSeen

MOST = 5
"""Recipients of one report."""
_FRAME = (
    b'MIME-Version: 1.0\r\nContent-Type: multipart/report; boundary="frame"\r\n\r\n'
    b"--frame\r\nContent-Type: message/delivery-status\r\n\r\n%s\r\n"
    b"--frame\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: %s\r\n\r\n--frame--\r\n"
)


def read(line: Fact) -> ReturnSeen | None:
    """The event that a report is; None: it names no message, or nobody who failed."""
    try:
        # A long line of the log is cut off anywhere.
        text = base64.b64decode(line.value[: len(line.value) // 4 * 4], validate=True)
    except binascii.Error:
        return None
    about, _, said = text.partition(b"\n.\n")
    if not about or b"--frame" in said:
        return None
    found = dsn.parse(_FRAME % (said, about))
    failed = [one for one in found.recipients if one.action is dsn.Action.FAILED] if found else []
    if found is None or not failed:
        return None
    number, _ = EventSpool.identity()
    return ReturnSeen(
        id=number,
        at=line.at,
        queue=line.queue,
        message_id=found.message_id.removeprefix("<").removesuffix(">"),
        host=found.reporting_host[:253],
        recipients=tuple(
            ReturnedRecipient(
                recipient=(one.original_recipient or one.recipient).lower()[:320],
                status=one.status,
                words=one.diagnostic[:500],
            )
            for one in failed[:MOST]
        ),
    )
