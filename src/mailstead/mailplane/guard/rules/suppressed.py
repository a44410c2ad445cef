"""Whether the mailbox has found out, more than once, that this recipient is not there.

Asked at RCPT, so that a message to several goes to the others. Why, until when and how it is let go
are the control plane's affair (docs/decisions/0031); the words come from there.
"""

from __future__ import annotations

from mailstead.mailplane.guard.desk import Desk
from mailstead.mailplane.guard.session import Decision, Sighting
from mailstead.standards.reply import Reply

NAME = "suppressed"


def judge(sighting: Sighting, desk: Desk) -> Decision | None:
    """Refuse a recipient who is not there."""
    if not sighting.mailbox:
        return None
    found = desk.suppressions.of(sighting.mailbox, sighting.recipient)
    if found is None or found.until <= desk.now():
        return None
    return Decision(NAME, NAME, Reply(550, "5.1.1", found.words))
