"""What came from a mailbox's old webmail."""

from __future__ import annotations

from mailstead.control.hosting.models import Mailbox
from mailstead.control.moves.models import Move, Webmail


def address_books(move: Move) -> list[Webmail]:
    """Those that came by a move which was fetched through the actor, of living mailboxes."""
    found = Webmail.objects.filter(move=move, contacts__gt=0, mailbox__removed_at=None)
    return list(found.select_related("mailbox__domain").order_by("mailbox")[:1000])


def webmail_of(mailbox: Mailbox) -> Webmail | None:
    """Of a mailbox that was fetched through the actor."""
    return Webmail.objects.filter(mailbox=mailbox).first()
