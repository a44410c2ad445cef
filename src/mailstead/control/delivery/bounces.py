"""When a reply proves that a recipient is not there: only then may mail be stopped for it."""

from __future__ import annotations

import re

from mailstead.standards import replies
from mailstead.standards.receivers import Detail, Meaning

# How Postfix tells that the other side's server said it, and at which command.
_SAID = re.compile(r"host [^\s\[\]]+\[[0-9A-Fa-f.:]+\](?::\d+)? said: 5")
_AT_RCPT = "(in reply to RCPT TO command)"
_VAGUE = frozenset({"", "5.0.0", "5.1.0", "5.5.0"})
"""Status codes that say nothing: the words must."""


def nobody_there(dsn: str, reply: str) -> bool:
    """Whether the recipient's own server said, when it was named, that it does not exist.

    Conservative: a later refusal may be about the message, a disabled mailbox may come back, and
    a code of policy (5.7.x) that speaks of an unknown user is about who asks.
    """
    if not _SAID.match(reply) or not reply.endswith(_AT_RCPT):
        return False
    reading = replies.read(reply, dsn)
    if not reading.permanent or reading.meaning is not Meaning.NO_MAILBOX:
        return False
    if reading.detail is not Detail.NONE:
        return False
    return reading.status == "5.1.1" or (reading.status in _VAGUE and reading.row is not None)
