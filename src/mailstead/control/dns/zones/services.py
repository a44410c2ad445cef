"""What may happen to zones that are served here: attached by the operator, edited, left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from mailstead.control.dns.models import Zone, ZoneRecord
from mailstead.control.dns.zones import queries, text
from mailstead.control.dns.zones.messages import zone_put
from mailstead.control.dns.zones.text import Record
from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Customer, Server
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange, ZoneGone

_HIGHEST = 2**32 - 1
_OFTEN = 100
"""Changes of a zone for which one day has numbers (RFC 1912 §2.2)."""


@transaction.atomic
def import_zone(
    *, actor: Actor, now: dt.datetime, customer: Customer, server: Server, name: str, file: str
) -> tuple[Zone, tuple[str, ...]]:
    """Attach a zone from its file, which the operator alone may; returns what was left out too.

    One that is there already is replaced by the file, and stays its owner's.
    """
    found = text.read(normalise_domain(name), file)
    roles.require(actor, "zone.import")
    zone = Zone.objects.select_for_update().filter(name=found.name).first()
    if zone is not None and zone.customer_id != customer.pk:
        raise Refusal(
            "zone-of-another",
            "The zone {name} is another customer's.",
            remedy="Remove it there first.",
            name=found.name,
        )
    before = queries.as_records(queries.records(zone)) if zone else []
    if zone is None:
        zone = Zone(name=found.name, customer=customer, server=server, serial=0, created_at=now)
    zone.primary, zone.contact = found.primary, found.contact
    zone.serial = max(zone.serial, found.serial)
    zone.save()
    zone.records.all().delete()
    ZoneRecord.objects.bulk_create([_row(zone, one) for one in found.records])
    _commit(actor, now, "import", zone, before, found.records)
    return zone, found.left_out


@transaction.atomic
def add_record(
    *, actor: Actor, now: dt.datetime, zone: Zone, name: str, kind: str, ttl: int, value: str
) -> ZoneRecord:
    """One record more."""
    _locked(actor, "zone.update", zone)
    one = text.record(zone.name, name, kind, ttl, value)
    _refuse_servers(actor, zone, one)
    before = queries.as_records(queries.records(zone))
    text.judge_all(zone.name, [*before, one])
    row = _row(zone, one)
    row.save()
    _commit(actor, now, "update", zone, (), (one,))
    return row


@transaction.atomic
def change_record(
    *, actor: Actor, now: dt.datetime, row: ZoneRecord, name: str, kind: str, ttl: int, value: str
) -> None:
    """Another name, type, time to live or value."""
    zone = row.zone
    _locked(actor, "zone.update", zone)
    old = Record(row.name, row.type, row.ttl, row.value)
    new = text.record(zone.name, name, kind, ttl, value)
    for one in (old, new):
        _refuse_servers(actor, zone, one)
    rest = [one for one in queries.as_records(queries.records(zone)) if one != old]
    text.judge_all(zone.name, [*rest, new])
    row.name, row.type, row.ttl, row.value = new.name, new.type, new.ttl, new.value
    row.save()
    _commit(actor, now, "update", zone, (old,), (new,))


@transaction.atomic
def remove_record(*, actor: Actor, now: dt.datetime, row: ZoneRecord) -> None:
    """One record less."""
    zone = row.zone
    _locked(actor, "zone.update", zone)
    old = Record(row.name, row.type, row.ttl, row.value)
    _refuse_servers(actor, zone, old)
    rest = [one for one in queries.as_records(queries.records(zone)) if one != old]
    text.judge_all(zone.name, rest)
    row.delete()
    _commit(actor, now, "update", zone, (old,), ())


@transaction.atomic
def remove_zone(*, actor: Actor, now: dt.datetime, zone: Zone, anyway: bool = False) -> None:
    """It is served here no more; there is no way back but through the operator.

    Refused while the world still asks us for it, unless `anyway`: nothing of it would be found.
    """
    _locked(actor, "zone.remove", zone)
    if zone.delegation in (Zone.Delegation.HERE, Zone.Delegation.PARTLY) and not anyway:
        raise Refusal(
            "zone-in-use",
            "The registry still names our servers for {name}: without them nothing of it is found.",
            remedy="Change the name servers at the registrar first, then wait a day.",
            name=zone.name,
        )
    gone = queries.as_records(queries.records(zone))
    server, number = zone.server, zone.pk
    owner = people.Owner(customer=zone.customer_id)
    zone.delete()
    people.record(
        actor=actor,
        verb="zone.remove",
        kind="zone",
        label=zone.name,
        object_id=number or 0,
        now=now,
        before=_lines(gone),
        owner=owner,
    )
    feed.publish(server=server.name, changes=[ZoneGone(name=zone.name)], now=now)


def note_delegation(
    *, now: dt.datetime, zone: Zone, state: str, servers: Sequence[str], due: dt.datetime
) -> None:
    """Keep what the zone above says; what could not be learnt leaves what was known before."""
    values: dict[str, Any] = {"looked_at": now, "due_at": due}
    if state != Zone.Delegation.UNKNOWN:
        values["delegated_to"] = list(servers)
        if state != zone.delegation:
            values |= {"delegation": state, "delegation_since": now}
    Zone.objects.filter(pk=zone.pk).update(**values)


def look_again() -> None:
    """Let the delegation of every zone be looked at as soon as possible."""
    Zone.objects.update(due_at=None)


def _row(zone: Zone, one: Record) -> ZoneRecord:
    return ZoneRecord(zone=zone, name=one.name, type=one.type, ttl=one.ttl, value=one.value)


def _refuse_servers(actor: Actor, zone: Zone, one: Record) -> None:
    """Which servers answer for the zone is nothing that its owner can choose here."""
    if one.type == "NS" and one.name == zone.name and not actor.sees_everything:
        raise Refusal(
            "zone-servers",
            "The NS records at the zone's own name are those of our servers.",
            remedy="To move the zone, change the name servers at the registrar.",
        )


def _locked(actor: Actor, rule: str, zone: Zone) -> None:
    """The zone as it is now, if the actor may do this with it."""
    roles.require(actor, rule)
    if not queries.zones(actor).filter(pk=zone.pk).exists():
        raise Refusal("object-unknown", "There is no such thing here.")
    zone.refresh_from_db(from_queryset=Zone.objects.select_for_update())
    owner = zone.customer
    stopped = owner.suspended or (owner.reseller is not None and owner.reseller.suspended)
    if stopped and not actor.sees_everything:
        raise Refusal(
            "customer-suspended",
            "This account is suspended: {reason}",
            remedy="Nothing can be changed until that is settled.",
            reason=owner.suspended_reason or "-",
        )


def _commit(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    zone: Zone,
    before: Sequence[Record],
    after: Sequence[Record],
) -> None:
    """A higher serial, the entry of the trail, the message to the node."""
    zone.serial = _risen(zone.serial, now)
    zone.save(update_fields=["serial"])
    people.record(
        actor=actor,
        verb=f"zone.{verb}",
        kind="zone",
        label=zone.name,
        object_id=zone.pk,
        now=now,
        before=_lines(before) or None,
        after=_lines(after) | {"serial": zone.serial},
        owner=people.Owner(customer=zone.customer_id),
    )
    changes: list[AnyChange] = [zone_put(zone)]
    feed.publish(server=zone.server.name, changes=changes, now=now)


def _risen(serial: int, now: dt.datetime) -> int:
    """The day's first number, or one more; past the last it begins anew (RFC 1982 §3.1)."""
    day = int(now.astimezone(dt.UTC).strftime("%Y%m%d")) * _OFTEN
    higher = max(serial + 1, day)
    return higher if higher <= _HIGHEST else 1


def _lines(records: Sequence[Record]) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    for one in records:
        found.setdefault(f"{one.name} {one.type}", []).append(f"{one.ttl} {one.value}")
    return dict(found)
