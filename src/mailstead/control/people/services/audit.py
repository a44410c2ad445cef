"""Writing the audit trail; called inside the transaction of the act it describes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry

HIDDEN = "(hidden)"
_SECRET_FIELDS = frozenset({"secret", "password", "private_key", "digest"})


def _masked(state: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        key: (HIDDEN if key in _SECRET_FIELDS and value else value) for key, value in state.items()
    }


@dataclass(frozen=True)
class Owner:
    """Whose trail an entry belongs to; None: the company's own."""

    customer: int | None = None
    domain: int | None = None
    mailbox: int | None = None


COMPANY = Owner()


def entry(
    *,
    actor: Actor,
    verb: str,
    kind: str,
    label: str,
    object_id: int,
    now: dt.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    owner: Owner = COMPANY,
) -> AuditEntry:
    """An entry that is not yet written, for `record_many`; fields named like secrets are masked."""
    return AuditEntry(
        at=now,
        actor=str(actor.really),
        acting_as=str(actor) if actor.behind else "",
        verb=verb,
        kind=kind,
        label=label,
        object_id=object_id,
        customer=owner.customer,
        domain=owner.domain,
        mailbox=owner.mailbox,
        before=_masked(before),
        after=_masked(after),
        reason=(reason or (actor.reason if actor.behind else ""))[:400],
        address=actor.address,
        request=actor.request,
    )


def record(
    *,
    actor: Actor,
    verb: str,
    kind: str,
    label: str,
    object_id: int,
    now: dt.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    owner: Owner = COMPANY,
) -> AuditEntry:
    """Write one entry: `actor` did `verb` to the object, from the state `before` to `after`."""
    written = entry(
        actor=actor,
        verb=verb,
        kind=kind,
        label=label,
        object_id=object_id,
        now=now,
        before=before,
        after=after,
        reason=reason,
        owner=owner,
    )
    written.save(force_insert=True)
    return written


def record_many(entries: Iterable[AuditEntry]) -> None:
    """Write entries made by `entry`, for acts on many objects at once."""
    AuditEntry.objects.bulk_create(entries, batch_size=500)
