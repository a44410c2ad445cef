"""The audit trail as its readers see it: hosting knows whose customers are whose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from mailstead.control.hosting.models import Customer
from mailstead.control.hosting.queries.mailbox_search import beginning
from mailstead.control.people import queries as people
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry


def trail(
    actor: Actor, *, kind: str = "", search: str = "", label: str = ""
) -> QuerySet[AuditEntry]:
    """What the actor may read of the trail, newest first.

    A reseller reads the own trail and those of the own customers. `kind` is the kind of object,
    `label` one object's name; `search` the beginning of a name, of who acted, or a whole request
    number or network address.
    """
    if actor.kind == "reseller":
        own = Customer.objects.filter(reseller=actor.customer).values("pk")
        rows = AuditEntry.objects.filter(Q(customer=actor.customer) | Q(customer__in=own))
    else:
        rows = people.audit_trail(actor)
    if kind:
        rows = rows.filter(kind=kind)
    if label:
        rows = rows.filter(label=label)
    text = search.strip()
    if text:
        rows = rows.filter(
            beginning("label", text)
            | Q(verb=text)
            | Q(request=text)
            | Q(address=text)
            | Q(actor__endswith=f":{text}")
        )
    return rows.order_by("-pk")


@dataclass(frozen=True)
class Difference:
    """One field of an entry, before and after."""

    name: str
    before: str
    after: str


# Numbers of rows and bookkeeping that tell a reader nothing.
_INNER = frozenset({"id", "domain_id", "store", "credential", "server_id", "customer_id"})


def _shown(value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(_shown(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(part)}" for key, part in value.items())
    return str(value)[:500]


def differences(entry: AuditEntry) -> list[Difference]:
    """What changed, field by field, without what stayed empty and without inner numbers."""
    before, after = entry.before or {}, entry.after or {}
    names = [name for name in {**before, **after} if name not in _INNER]
    found = [Difference(n, _shown(before.get(n)), _shown(after.get(n))) for n in names]
    return [row for row in found if row.before != row.after]
