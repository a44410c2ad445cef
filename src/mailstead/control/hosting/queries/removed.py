"""What was removed at addresses and can be put back: the audit trail keeps it whole."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from mailstead.control.hosting.models import Domain
from mailstead.control.hosting.queries.lists import domains, grace
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.standards.refusal import Refusal

Kind = Literal["forwarder", "autoresponder"]
_LOOKED_AT, _SHOWN = 50, 10


def removed_at(domain: Domain, kind: Kind, now: dt.datetime) -> list[AuditEntry]:
    """The last removals within the grace period at whose address there is none again.

    `domain` has been fetched through the actor.
    """
    entries = AuditEntry.objects.filter(
        customer=domain.customer_id,
        domain=domain.pk,
        kind=kind,
        verb=f"{kind}.remove",
        at__gte=now - grace(),
    ).order_by("-pk")[:_LOOKED_AT]
    last: dict[str, AuditEntry] = {}
    for entry in entries:
        last.setdefault(entry.label, entry)
    rows = domain.forwarders if kind == "forwarder" else domain.autoresponders
    names = [label.rpartition("@")[0] for label in last]
    there = set(rows.filter(local__in=names).values_list("local", flat=True)) if names else set()
    kept = [entry for label, entry in last.items() if label.rpartition("@")[0] not in there]
    return kept[:_SHOWN]


def removal_numbered(
    actor: Actor, kind: Kind, number: int, now: dt.datetime
) -> tuple[AuditEntry, Domain]:
    """A removal that can be undone, and its domain; raises `Refusal` (`removal-unknown`)."""
    entry = AuditEntry.objects.filter(
        pk=number, kind=kind, verb=f"{kind}.remove", at__gte=now - grace()
    ).first()
    domain = domains(actor).filter(pk=entry.domain or 0).first() if entry else None
    if entry is None or domain is None or not entry.before:
        raise Refusal("removal-unknown", "There is nothing here that could be put back.")
    return entry, domain
