"""Reading the audit trail."""

from __future__ import annotations

from django.db.models import QuerySet

from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry


def audit_trail(actor: Actor, *, kind: str = "", label: str = "") -> QuerySet[AuditEntry]:
    """The entries that `actor` may see, newest first, of one kind or one object if given."""
    if not actor.sees_everything:
        return AuditEntry.objects.none()
    found = AuditEntry.objects.order_by("-pk")
    if kind:
        found = found.filter(kind=kind)
    return found.filter(label=label) if label else found
