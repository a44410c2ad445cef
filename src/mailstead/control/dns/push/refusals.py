"""What stood in the way at a DNS host, as refusals in words; the host's own words stay there."""

from __future__ import annotations

from typing import Any

from mailstead.control.dns.push.providers import Provider
from mailstead.control.dns.push.records import Told
from mailstead.standards.refusal import Refusal


def refusal_of(told: Told, host: Provider, zone: str) -> Refusal:
    """A fault, and whether something may have been changed before it."""
    if told.begun:
        return Refusal(
            "push-broken",
            "{host} broke off in the middle ({detail}): some of the changes may have been made.",
            remedy="Make a new plan: it shows what is still missing. Undoing brings back the rest.",
            host=host.name,
            detail=told.detail or told.fault,
        )
    return _before(told, host, zone)


def _before(told: Told, host: Provider, zone: str) -> Refusal:
    """Nothing has been changed."""
    values: dict[str, Any] = {"host": host.name, "zone": zone, "detail": told.detail}
    if told.fault == "credentials":
        return Refusal(
            "host-credentials",
            "{host} does not accept this for the zone {zone} ({detail}).",
            remedy="Look whether it was copied whole and may read and change this zone.",
            **values,
        )
    if told.fault == "zone-unknown":
        return Refusal(
            "host-zone-unknown",
            "{host} knows no zone {zone} under this token.",
            remedy="Give the zone's name, or a token of the account that holds it.",
            **values,
        )
    if told.fault == "zone-large":
        return Refusal(
            "host-zone-large",
            "The zone {zone} is too large to be changed from here.",
            remedy="Enter the records by hand.",
            **values,
        )
    if told.fault == "zone-changed":
        return Refusal(
            "zone-changed",
            "The zone has changed since the plan was made: {detail}.",
            remedy="Nothing was changed by us. Make a new plan.",
            **values,
        )
    if told.fault == "blocked":
        return Refusal(
            "host-private",
            "This server has no public address.",
            remedy="From here only public servers are spoken to.",
        )
    if told.fault == "not-supported":
        return Refusal(
            "host-not-supported",
            "{host} cannot hold one of these records ({detail}).",
            remedy="Enter the records by hand.",
            **values,
        )
    if told.fault == "plan-differs":
        return Refusal(
            "host-plan-differs",
            "{host} would change more than was shown ({detail}).",
            remedy="Nothing was changed. Enter the records by hand.",
            **values,
        )
    if told.fault in ("unreachable", "silent"):
        return Refusal(
            "host-silent",
            "{host} did not answer in time.",
            remedy="Nothing was changed. Try again in some minutes.",
            permanent=False,
            **values,
        )
    return Refusal(
        "host-error",
        "{host} answered with an error ({detail}).",
        remedy="Nothing was changed. Try again later, or enter the records by hand.",
        **values,
    )
