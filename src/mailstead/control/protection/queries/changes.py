"""What was changed of a mailbox since it may have been the thief's, and how it was before.

The audit trail keeps the state before each change. Walked back from what holds now, it says what
held then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.models import Autoresponder, Forwarder, Mailbox, RuleSet
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.control.protection.models import Case
from mailstead.control.protection.queries.cases import suspicious_since

KINDS = ("rules", "forwarder", "autoresponder", "recovery")
"""Rules, forwarder at the address, automatic answer, recovery address: the order of undoing."""
MOST = 200
"""Changes of one kind that are looked at."""


@dataclass(frozen=True)
class Change:
    """What was changed of one thing, by whom, and its state before."""

    kind: str
    """Of `KINDS`."""
    entries: tuple[AuditEntry, ...]
    """The newest first."""
    was: dict[str, Any] | None
    """Its fields before; None: it was not there."""

    @property
    def by_mailbox(self) -> bool:
        """Whether the mailbox's own log-in made any of it, which the thief may have been."""
        return any(one.actor.startswith("mailbox:") for one in self.entries)


def changes(actor: Actor, case: Case) -> list[Change]:
    """All that the actor may read, in the order of `KINDS`; what is as it was is left out."""
    mailbox = case.mailbox
    if mailbox is None:
        return []
    found = []
    for kind in KINDS:
        rows = hosting.trail(actor, kind="mailbox" if kind == "recovery" else kind)
        rows = rows.filter(label=mailbox.address, at__gte=suspicious_since(case))
        if kind == "recovery":
            rows = rows.filter(verb="mailbox.set-recovery", object_id=mailbox.pk)
        if kind == "rules":
            rows = rows.filter(mailbox=mailbox.pk)
        entries = tuple(rows[:MOST])
        if not entries:
            continue
        now = _now(kind, mailbox)
        was = _walked_back(entries, now)
        if not _same(kind, was, now):
            found.append(Change(kind, entries, was))
    return found


def _walked_back(
    entries: Iterable[AuditEntry], now: dict[str, Any] | None
) -> dict[str, Any] | None:
    state = now
    for entry in entries:
        if entry.before is None:
            state = None
        elif entry.after is None:
            state = dict(entry.before)
        else:
            state = {**(state or {}), **entry.before}
    return state


def _now(kind: str, mailbox: Mailbox) -> dict[str, Any] | None:
    if kind == "rules":
        rules = RuleSet.objects.filter(mailbox=mailbox).values_list("rules", flat=True).first()
        return None if rules is None else {"rules": rules}
    if kind == "recovery":
        return {"recovery_address": mailbox.recovery_address}
    where = {"domain": mailbox.domain_id, "local": mailbox.local}
    if kind == "forwarder":
        row = Forwarder.objects.filter(**where).first()
        if row is None:
            return None
        return {
            "action": row.action,
            "text": row.text,
            "keep_copy": row.keep_copy,
            "destinations": list(row.destinations.order_by("pk").values_list("address", flat=True)),
        }
    answer = Autoresponder.objects.filter(**where).first()
    if answer is None:
        return None
    plain = {name: getattr(answer, name) for name in _ANSWER}
    for name in ("starts", "ends"):
        plain[name] = plain[name].isoformat() if plain[name] else None
    return plain


_ANSWER = ("subject", "body", "html", "interval", "from_name", "starts", "ends")
_FIELDS: dict[str, tuple[str, ...]] = {
    "rules": ("rules",),
    "recovery": ("recovery_address",),
    "forwarder": ("action", "text", "keep_copy", "destinations"),
    "autoresponder": _ANSWER,
}


def _same(kind: str, was: dict[str, Any] | None, now: dict[str, Any] | None) -> bool:
    """Whether it was changed there and back; no rules are as none at all."""
    if kind == "rules":
        return bool((was or {}).get("rules")) == bool((now or {}).get("rules")) and (
            not was or not now or was.get("rules") == now.get("rules")
        )
    if was is None or now is None:
        return was is now
    return all(was.get(name) == now.get(name) for name in _FIELDS[kind])
