"""From zones to the messages that nodes understand."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.control.dns.models import Zone
from mailstead.wire.changes import ZonePut, ZoneRecord


def zone_put(zone: Zone) -> ZonePut:
    """A zone as it is now."""
    return ZonePut(
        name=zone.name,
        serial=zone.serial,
        primary=zone.primary,
        contact=zone.contact,
        records=tuple(
            ZoneRecord(name=row.name, type=row.type, ttl=row.ttl, value=row.value)
            for row in zone.records.order_by("name", "type", "pk")
        ),
    )


def snapshot(server: str) -> Iterator[ZonePut]:
    """All zones of one server."""
    for zone in Zone.objects.filter(server__name=server).order_by("name").iterator(500):
        yield zone_put(zone)
