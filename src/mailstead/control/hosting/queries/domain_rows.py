"""Domains as a list shows them: with how many mailboxes there are and how much they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from mailstead.control.hosting.models import Domain, Mailbox
from mailstead.control.hosting.queries.mailbox_search import beginning
from mailstead.control.hosting.queries.scope import of_domains
from mailstead.control.people.actor import Actor


@dataclass(frozen=True)
class DomainRow:
    """A domain and what lies in it."""

    domain: Domain
    mailboxes: int
    used: int
    """Bytes."""


def found_domains(actor: Actor, search: str, *, removed: bool = False) -> QuerySet[Domain]:
    """Domains whose name, or whose customer's name, begins with the text."""
    rows = Domain.objects.filter(of_domains(actor), removed_at__isnull=not removed)
    text = search.strip().lower()
    if text:
        rows = rows.filter(beginning("name", text) | Q(customer__name__istartswith=text))
    return rows.select_related("customer", "server", "alias_of")


def with_contents(rows: Sequence[Domain]) -> list[DomainRow]:
    """The same domains with their counts: one question for a page of a list."""
    held = Mailbox.objects.filter(domain__in=rows, removed_at=None).order_by()
    counted = held.values("domain").annotate(n=Count("pk"), used=Sum("usage_bytes"))
    found = {row["domain"]: (row["n"], row["used"] or 0) for row in counted}
    return [DomainRow(row, *found.get(row.pk, (0, 0))) for row in rows]
