"""Zones that are served here, from an actor."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from mailstead.control.dns.models import Zone, ZoneRecord
from mailstead.control.dns.zones.text import Record, write
from mailstead.control.people.actor import Actor
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal


def zones(actor: Actor, search: str = "") -> QuerySet[Zone]:
    """Those that the actor sees."""
    rows = Zone.objects.select_related("customer__reseller", "server").order_by("name")
    if search:
        rows = rows.filter(name__contains=search.lower())
    if actor.sees_everything:
        return rows
    own = Q(customer_id=actor.customer)
    if actor.kind == "reseller":
        return rows.filter(own | Q(customer__reseller_id=actor.customer))
    return rows.filter(own) if actor.kind == "customer" else rows.none()


def zone_named(actor: Actor, name: str) -> Zone:
    """One of them; raises `Refusal` (`zone-unknown`)."""
    found = zones(actor).filter(name=normalise_domain(name)).first()
    if found is None:
        raise Refusal(
            "zone-unknown", "There is no such zone here.", remedy="List those that there are."
        )
    return found


def holding(actor: Actor, domain: str) -> Zone | None:
    """The zone in which a domain lies, if it is served here and the actor sees it."""
    parts = domain.split(".")
    names = [".".join(parts[at:]) for at in range(len(parts) - 1)]
    return max(zones(actor).filter(name__in=names), key=lambda one: len(one.name), default=None)


def record_numbered(zone: Zone, number: int) -> ZoneRecord:
    """One record; raises `Refusal` (`record-unknown`)."""
    found = zone.records.filter(pk=number).first()
    if found is None:
        raise Refusal(
            "record-unknown", "There is no such record.", remedy="Look at the zone again."
        )
    return found


def records(zone: Zone) -> list[ZoneRecord]:
    """All of a zone, the zone's own name first."""
    rows = list(zone.records.all())
    return sorted(rows, key=lambda row: (row.name.split(".")[::-1], row.type, row.value))


def as_records(rows: list[ZoneRecord]) -> list[Record]:
    """Rows as values."""
    return [Record(row.name, row.type, row.ttl, row.value) for row in rows]


def as_file(zone: Zone) -> str:
    """The zone as a zone file, for another DNS host."""
    return write(zone.name, zone.primary, zone.contact, zone.serial, as_records(records(zone)))


def still_asked_here(actor: Actor) -> QuerySet[Zone]:
    """Those that the world still asks us for: exactly their owners use hosted DNS."""
    states = (Zone.Delegation.HERE, Zone.Delegation.PARTLY)
    return zones(actor).filter(delegation__in=states)


def gone_elsewhere(actor: Actor) -> QuerySet[Zone]:
    """Those that nobody asks us for any more."""
    states = (Zone.Delegation.ELSEWHERE, Zone.Delegation.NOWHERE)
    return zones(actor).filter(delegation__in=states)
