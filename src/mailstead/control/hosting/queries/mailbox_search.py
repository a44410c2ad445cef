"""Mailboxes by what somebody types: fast among hundreds of thousands, because indexes answer.

A text with @ is an address or the beginning of one; without, it is the beginning of a local part
or of a domain's name. Nothing is looked for in the middle of words.
"""

from __future__ import annotations

from django.db import connection
from django.db.models import Q, QuerySet

from mailstead.control.hosting.models import Domain, Mailbox
from mailstead.control.hosting.queries.scope import of_domains, of_mailboxes
from mailstead.control.people.actor import Actor

_LAST = "\U0010ffff"
"""Sorts behind every character that a name may have."""
FOUND_DOMAINS = 200
"""Of so many domains whose names begin with the text, mailboxes are found."""


def beginning(column: str, text: str) -> Q:
    """Rows whose column begins with the text, in the form that the database's index answers."""
    if connection.vendor == "sqlite":
        # SQLite's LIKE looks at every row; it compares octet by octet, so a range is the same.
        return Q(**{f"{column}__gte": text, f"{column}__lt": text + _LAST})
    return Q(**{f"{column}__startswith": text})


def found_mailboxes(
    actor: Actor, search: str, *, domain: Domain | None = None, removed: bool = False
) -> QuerySet[Mailbox]:
    """Mailboxes that the actor sees and that a text finds; without a text all of them."""
    rows = Mailbox.objects.filter(of_mailboxes(actor), removed_at__isnull=not removed)
    if domain is not None:
        rows = rows.filter(domain=domain)
    text = search.strip().lower()
    if text:
        rows = rows.filter(_matching(actor, text))
    return rows.select_related("domain__customer", "domain__server")


def _matching(actor: Actor, text: str) -> Q:
    local, at, name = text.rpartition("@")
    if not at:
        return beginning("local", text) | Q(domain__in=_domains(actor, text))
    if not local:
        return Q(domain__in=_domains(actor, name))
    if not name:
        return Q(local=local)
    return Q(local=local, domain__in=_domains(actor, name))


def _domains(actor: Actor, text: str) -> list[int]:
    """Numbers of the domains whose names begin with the text; the nearest names first."""
    rows = Domain.objects.filter(of_domains(actor)).filter(beginning("name", text))
    return list(rows.order_by("name").values_list("pk", flat=True)[:FOUND_DOMAINS])
