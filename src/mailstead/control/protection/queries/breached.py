"""What can be asked about passwords that are known from leaks, from an actor."""

from __future__ import annotations

from django.db.models import QuerySet

from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.queries.overview import leaked
from mailstead.control.people.actor import Actor


def breached(actor: Actor, *, search: str = "") -> QuerySet[Mailbox]:
    """Mailboxes that are opened with such a password, those seen last first.

    `search` is part of an address.
    """
    return leaked(hosting.mailboxes(actor, search=search)).order_by("-leaked_at", "-pk")
