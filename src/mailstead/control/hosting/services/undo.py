"""Putting back what was removed at an address, as the audit trail has kept it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from mailstead.control.hosting.models import Autoresponder, Domain, Forwarder
from mailstead.control.hosting.services.autoresponders import set_autoresponder
from mailstead.control.hosting.services.forwarders import set_forwarder
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.wire.changes import Route


def put_back_forwarder(
    *, actor: Actor, now: dt.datetime, domain: Domain, entry: AuditEntry
) -> Forwarder:
    """Make a removed forwarder again; raises `Refusal` when there is one by now."""
    was = entry.before or {}
    return set_forwarder(
        actor=actor,
        now=now,
        domain=domain,
        address=entry.label,
        route=Route(
            action=was["action"], destinations=tuple(was["destinations"]), text=was["text"]
        ),
        keep_copy=was["keep_copy"],
        new=True,
    )


def put_back_autoresponder(
    *, actor: Actor, now: dt.datetime, domain: Domain, entry: AuditEntry
) -> Autoresponder:
    """Make a removed automatic answer again; raises `Refusal` when there is one by now."""
    was: dict[str, Any] = entry.before or {}
    plain = {name: was[name] for name in ("subject", "body", "html", "interval", "from_name")}
    return set_autoresponder(
        actor=actor,
        now=now,
        domain=domain,
        address=entry.label,
        new=True,
        starts=_moment(was["starts"]),
        ends=_moment(was["ends"]),
        **plain,
    )


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
