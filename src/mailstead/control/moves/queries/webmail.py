"""What came from a mailbox's old webmail."""

from __future__ import annotations

from mailstead.control.hosting.models import Mailbox
from mailstead.control.moves.models import Webmail


def webmail_of(mailbox: Mailbox) -> Webmail | None:
    """Of a mailbox that was fetched through the actor."""
    return Webmail.objects.filter(mailbox=mailbox).first()
