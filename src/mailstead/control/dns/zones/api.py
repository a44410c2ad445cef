"""Zones that are served here over the API."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from mailstead.control.dns.models import Zone, ZoneRecord
from mailstead.control.dns.zones import queries, services
from mailstead.control.dns.zones.text import LARGEST
from mailstead.control.hosting import queries as hosting
from mailstead.control.people.actor import Actor
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turning, paged
from mailstead.control.people.api.schemas import In, Text

router = Router(tags=["Zones"])
Delegation = Literal["here", "partly", "elsewhere", "nowhere", "unknown"]
ZoneName = Path[Annotated[str, Field(min_length=1, max_length=253)]]


class ZoneRecordOut(Schema):
    """One record."""

    id: int
    name: str
    type: str
    ttl: int
    value: str = Field(description="As in a zone file.")


class ZoneOut(Schema):
    """A zone without its records."""

    id: int
    name: str
    customer: int
    server: str
    serial: int
    delegation: Delegation = Field(description="Whom the zone above names.")
    delegation_since: dt.datetime | None
    delegated_to: list[str]
    looked_at: dt.datetime | None


class ZoneWhole(ZoneOut):
    """A zone with its records."""

    records: list[ZoneRecordOut]
    left_out: list[str] = Field(
        [], description="Of an imported file: records of types that are not served here."
    )


class ZoneLook(Schema):
    """Which zones."""

    q: str = Field("", max_length=253, description="Part of the name.")
    delegation: Delegation | Literal[""] = ""


class ZoneFile(Schema):
    """A zone for another DNS host."""

    file: str


class ZoneIn(In):
    """A zone that comes here with its customer."""

    name: Text
    customer: Number
    server: Text
    file: str = Field(max_length=LARGEST, description="With its SOA record.")


class ZoneRecordIn(In):
    """A record."""

    name: str = Field("@", max_length=253, description="`@`, relative to the zone, or whole.")
    type: Text
    ttl: int = Field(3600, ge=60, le=604_800)
    value: str = Field(min_length=1, max_length=4000)


class Ending(Schema):
    """How a zone is ended."""

    anyway: bool = Field(False, description="Even though our servers are still asked for it.")


@router.get("/zones", response=Page[ZoneOut], summary="List zones")
@operation("zone.view")
def list_zones(request: HttpRequest, turn: Turning, look: Query[ZoneLook]) -> dict[str, Any]:
    """Those that are still served here; nobody new gets one."""
    rows = queries.zones(caller(request), look.q)
    if look.delegation:
        rows = rows.filter(delegation=look.delegation)
    return paged(rows, turn, _out)


@router.post("/zones", response={201: ZoneWhole}, summary="Attach a zone")
@operation("zone.import")
def attach_zone(request: HttpRequest, body: ZoneIn) -> Status[ZoneWhole]:
    """From its zone file; one that is there already is replaced by it."""
    actor = caller(request)
    zone, left = services.import_zone(
        actor=actor,
        now=timezone.now(),
        customer=hosting.customer_numbered(actor, body.customer),
        server=hosting.server_named(actor, body.server),
        name=body.name,
        file=body.file,
    )
    return Status(201, _whole(zone, list(left)))


@router.get("/zones/{zone}", response=ZoneWhole, summary="Show a zone")
@operation("zone.view")
def show_zone(request: HttpRequest, zone: ZoneName) -> ZoneWhole:
    """With its records."""
    return _whole(queries.zone_named(caller(request), zone))


@router.get("/zones/{zone}/file", response=ZoneFile, summary="Export a zone")
@operation("zone.view")
def export_zone(request: HttpRequest, zone: ZoneName) -> ZoneFile:
    """As a zone file that any other DNS host reads."""
    return ZoneFile(file=queries.as_file(queries.zone_named(caller(request), zone)))


@router.delete("/zones/{zone}", response={204: None}, summary="Stop serving a zone")
@operation("zone.remove")
def remove_zone(request: HttpRequest, zone: ZoneName, ending: Query[Ending]) -> Status[None]:
    """It cannot be undone; refused while our servers are still asked for it, unless `anyway`."""
    actor, found = _zone(request, zone)
    services.remove_zone(actor=actor, now=timezone.now(), zone=found, anyway=ending.anyway)
    return Status(204, None)


@router.post("/zones/{zone}/records", response={201: ZoneRecordOut}, summary="Add a record")
@operation("zone.update")
def add_zone_record(
    request: HttpRequest, zone: ZoneName, body: ZoneRecordIn
) -> Status[ZoneRecordOut]:
    """One record more."""
    actor, found = _zone(request, zone)
    row = services.add_record(actor=actor, now=timezone.now(), zone=found, **_given(body))
    return Status(201, _record(row))


@router.put("/zones/{zone}/records/{number}", response=ZoneRecordOut, summary="Change a record")
@operation("zone.update")
def change_zone_record(
    request: HttpRequest, zone: ZoneName, number: Number, body: ZoneRecordIn
) -> ZoneRecordOut:
    """Another name, type, time to live or value."""
    actor, found = _zone(request, zone)
    row = queries.record_numbered(found, number)
    services.change_record(actor=actor, now=timezone.now(), row=row, **_given(body))
    return _record(row)


@router.delete("/zones/{zone}/records/{number}", response={204: None}, summary="Remove a record")
@operation("zone.update")
def remove_zone_record(request: HttpRequest, zone: ZoneName, number: Number) -> Status[None]:
    """One record less."""
    actor, found = _zone(request, zone)
    row = queries.record_numbered(found, number)
    services.remove_record(actor=actor, now=timezone.now(), row=row)
    return Status(204, None)


def _zone(request: HttpRequest, name: str) -> tuple[Actor, Zone]:
    actor = caller(request)
    return actor, queries.zone_named(actor, name)


def _given(body: ZoneRecordIn) -> dict[str, Any]:
    return {"name": body.name, "kind": body.type, "ttl": body.ttl, "value": body.value}


def _record(row: ZoneRecord) -> ZoneRecordOut:
    return ZoneRecordOut(id=row.pk, name=row.name, type=row.type, ttl=row.ttl, value=row.value)


def _facts(zone: Zone) -> dict[str, Any]:
    return {
        "id": zone.pk,
        "name": zone.name,
        "customer": zone.customer_id,
        "server": zone.server.name,
        "serial": zone.serial,
        "delegation": zone.delegation,
        "delegation_since": zone.delegation_since,
        "delegated_to": zone.delegated_to,
        "looked_at": zone.looked_at,
    }


def _out(zone: Zone) -> ZoneOut:
    return ZoneOut(**_facts(zone))


def _whole(zone: Zone, left: list[str] | None = None) -> ZoneWhole:
    rows = [_record(row) for row in queries.records(zone)]
    return ZoneWhole(**_facts(zone), records=rows, left_out=left or [])
