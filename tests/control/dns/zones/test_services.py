"""Zones are attached by the operator, edited and left by their owners, and told to the node."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from mailstead.control.dns.models import Zone
from mailstead.control.dns.zones import queries, services, text
from mailstead.control.dns.zones.delegation import check_delegations
from mailstead.control.dns.zones.messages import snapshot
from mailstead.control.feed.models import FeedRow
from mailstead.control.hosting import services as hosting
from mailstead.control.people.models import AuditEntry
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import ZoneGone, ZonePut
from tests.control.dns.zones.files import ZONE
from tests.control.world import World


def attach(world: World, whose: str = "customer", **more: Any) -> Zone:
    """The operator imports the zone for somebody."""
    values = {"name": "old.example", "file": ZONE, **more}
    zone, left = services.import_zone(
        actor=world.actor("operator"),
        now=world.now,
        customer=world.customers[whose],
        server=world.server,
        **values,
    )
    assert left == ("loc.old.example LOC",)
    return zone


def add(world: World, zone: Zone, role: str = "customer", **more: Any) -> None:
    values = {"name": "@", "kind": "TXT", "ttl": 600, "value": "hello", **more}
    services.add_record(actor=world.actor(role), now=world.now, zone=zone, **values)


def told() -> list[ZonePut | ZoneGone]:
    """What the node was told of zones."""
    rows = FeedRow.objects.order_by("number").values_list("payload", flat=True)
    changes = [codec.decode_change(row.encode()) for row in rows]
    return [
        one for one in changes if isinstance(one, ZonePut | ZoneGone) and one.name == "old.example"
    ]


def test_an_imported_zone_is_told_and_its_serial_is_higher(world: World) -> None:
    zone = attach(world)
    (put,) = told()
    assert isinstance(put, ZonePut)
    assert (put.name, put.primary) == ("old.example", "ns1.host.example")
    assert put.serial == zone.serial == int(world.now.strftime("%Y%m%d")) * 100
    assert ("old.example", "MX", "10 mx.host.example.") in {
        (one.name, one.type, one.value) for one in put.records
    }
    assert put in snapshot("node1")
    assert AuditEntry.objects.filter(verb="zone.import", label="old.example").count() == 1


def test_each_change_raises_the_serial_and_is_told(world: World) -> None:
    zone = attach(world)
    first = zone.serial
    add(world, zone)
    row = next(row for row in queries.records(zone) if row.value == '"hello"')
    services.change_record(
        actor=world.actor("customer"),
        now=world.now,
        row=row,
        name="x",
        kind="A",
        ttl=60,
        value="192.0.2.7",
    )
    services.remove_record(actor=world.actor("customer"), now=world.now, row=row)
    serials = [one.serial for one in told() if isinstance(one, ZonePut)]
    assert serials == [first, first + 1, first + 2, first + 3]
    (changed,) = AuditEntry.objects.filter(verb="zone.update", before__isnull=False)[:1]
    assert changed.customer == world.customers["customer"].pk
    tomorrow = world.now + dt.timedelta(days=1)
    services.add_record(
        actor=world.actor("customer"),
        now=tomorrow,
        zone=zone,
        name="y",
        kind="A",
        ttl=60,
        value="192.0.2.8",
    )
    assert Zone.objects.get(name="old.example").serial == int(tomorrow.strftime("%Y%m%d")) * 100


def test_what_is_exported_is_what_was_imported(world: World) -> None:
    zone = attach(world)
    again = text.read("old.example", queries.as_file(zone))
    assert again.records == text.read("old.example", ZONE).records
    assert again.serial == zone.serial and not again.left_out


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"kind": "PTR"}, "record-type"),
        ({"ttl": 5}, "record-ttl"),
        ({"ttl": 900}, "record-ttl-differs"),
        ({"name": "a..b"}, "record-name"),
        ({"name": "a\nb"}, "record-name"),
        ({"kind": "A", "value": "300.1.1.1"}, "record-value"),
        ({"kind": "MX", "value": "mail"}, "record-value"),
        ({"kind": "TXT", "value": "a\n$INCLUDE /etc/passwd"}, "record-value"),
        ({"kind": "CNAME", "name": "@", "value": "x.example."}, "alias-not-alone"),
        ({"kind": "A", "name": "www", "value": "192.0.2.1"}, "alias-not-alone"),
        ({"value": "v=spf1 mx ~all"}, "record-twice"),
        ({"kind": "NS", "value": "ns.mine.example."}, "zone-servers"),
    ],
)
def test_a_record_that_cannot_be_is_refused(world: World, given: dict[str, Any], code: str) -> None:
    zone = attach(world)
    with pytest.raises(Refusal) as refused:
        add(world, zone, **given)
    assert refused.value.code == code
    assert len(told()) == 1


def test_a_part_of_the_zone_may_be_delegated_on(world: World) -> None:
    zone = attach(world)
    add(world, zone, kind="NS", name="shop", ttl=3600, value="ns1.shops.example.")
    assert any(row.name == "shop.old.example" for row in queries.records(zone))


def test_a_long_text_is_cut_into_parts(world: World) -> None:
    zone = attach(world)
    add(world, zone, name="k._domainkey", value="v=DKIM1; p=" + "A" * 400 + '"\\')
    put = msgspec.to_builtins(told()[-1])
    (value,) = [r["value"] for r in put["records"] if r["name"].startswith("k.")]
    assert value.count('" "') == 1 and value.endswith('A\\"\\\\"')


@pytest.mark.parametrize("role", ["staff", "reseller", "customer", "domain_admin", "mailbox"])
def test_nobody_but_the_operator_brings_a_zone(world: World, role: str) -> None:
    with pytest.raises(Refusal) as refused:
        services.import_zone(
            actor=world.actor(role),
            now=world.now,
            customer=world.customers["customer"],
            server=world.server,
            name="old.example",
            file=ZONE,
        )
    assert refused.value.code == "forbidden"


@pytest.mark.parametrize("role", ["stranger", "domain_admin", "mailbox"])
def test_others_do_not_see_or_change_it(world: World, role: str) -> None:
    zone = attach(world)
    assert not queries.zones(world.actor(role)).filter(name="old.example").exists()
    with pytest.raises(Refusal):
        add(world, zone, role)
    with pytest.raises(Refusal):
        services.remove_zone(actor=world.actor(role), now=world.now, zone=zone)
    row = queries.records(zone)[0]
    with pytest.raises(Refusal):
        services.remove_record(actor=world.actor(role), now=world.now, row=row)


def test_who_is_suspended_changes_nothing(world: World) -> None:
    zone = attach(world)
    hosting.suspend_customer(
        actor=world.actor("operator"),
        now=world.now,
        customer=world.customers["customer"],
        reason="unpaid",
    )
    zone = Zone.objects.get(pk=zone.pk)
    with pytest.raises(Refusal) as refused:
        add(world, zone)
    assert refused.value.code == "customer-suspended"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("", "zone-file-invalid"),
        ("$INCLUDE /etc/passwd\n" + ZONE, "zone-file-invalid"),
        (ZONE + "$GENERATE 1-99999999 a$ A 192.0.2.1\n", "zone-file-large"),
        (ZONE + "www IN A 192.0.2.1\n", "zone-file-invalid"),
        ("x" * 1_000_001, "zone-file-large"),
    ],
)
def test_a_file_that_is_no_zone_is_refused(world: World, file: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        attach(world, file=file)
    assert refused.value.code == code
    assert not Zone.objects.filter(name="old.example").exists()


def test_a_zone_that_is_still_asked_for_is_not_left_by_mistake(world: World) -> None:
    zone = attach(world)
    check_delegations(world.now, lambda name, way: ("ns1.host.example", "ns2.host.example"))
    zone.refresh_from_db()
    assert zone.delegation == "here"
    with pytest.raises(Refusal) as refused:
        services.remove_zone(actor=world.actor("customer"), now=world.now, zone=zone)
    assert refused.value.code == "zone-in-use"
    services.remove_zone(actor=world.actor("customer"), now=world.now, zone=zone, anyway=True)
    assert told()[-1] == ZoneGone(name="old.example")
    assert not Zone.objects.filter(name="old.example").exists()


def test_whose_zones_are_still_asked_for_is_known(world: World) -> None:
    Zone.objects.all().delete()
    attach(world)
    olga = world.actor("operator")
    assert check_delegations(world.now, lambda name, way: None) == 1
    zone = Zone.objects.get()
    assert (zone.delegation, zone.looked_at) == ("unknown", world.now)
    assert zone.due_at == world.now + dt.timedelta(hours=1)
    later = world.now + dt.timedelta(hours=2)
    check_delegations(later, lambda name, way: ("ns2.host.example",))
    assert [one.name for one in queries.still_asked_here(olga)] == ["old.example"]
    moved = later + dt.timedelta(days=2)
    assert check_delegations(moved, lambda name, way: ("ns.far.example",)) == 1
    (gone,) = queries.gone_elsewhere(olga)
    assert (gone.delegation, gone.delegation_since) == ("elsewhere", moved)
    assert gone.delegated_to == ["ns.far.example"]
    again = moved + dt.timedelta(days=2)
    check_delegations(again, lambda name, way: None)
    zone.refresh_from_db()
    # What cannot be learnt changes nothing.
    assert (zone.delegation, zone.delegation_since) == ("elsewhere", moved)
    check_delegations(again + dt.timedelta(days=2), lambda name, way: ("ns.far.example",))
    zone.refresh_from_db()
    assert zone.delegation_since == moved
    third = again + dt.timedelta(days=4)
    check_delegations(third, lambda name, way: ("ns.far.example", "ns1.host.example"))
    assert [one.delegation for one in queries.still_asked_here(olga)] == ["partly"]
    check_delegations(third + dt.timedelta(days=2), lambda name, way: ())
    assert [one.delegation for one in queries.gone_elsewhere(olga)] == ["nowhere"]


def test_neither_customer_nor_server_goes_while_a_zone_is_theirs(world: World) -> None:
    olga = {"actor": world.actor("operator"), "now": world.now}
    nora = hosting.create_customer(**olga, name="Nora")
    node2 = hosting.create_server(**olga, name="node2", hostname="node2.example")
    zone, _ = services.import_zone(
        **olga, customer=nora, server=node2, name="old.example", file=ZONE
    )
    for refused in (
        lambda: hosting.remove_customer(**olga, customer=nora),
        lambda: hosting.remove_server(**olga, server=node2),
    ):
        with pytest.raises(Refusal) as found:
            refused()
        assert found.value.code.endswith("-in-use")
    services.remove_zone(**olga, zone=zone)
    hosting.remove_customer(**olga, customer=nora)
    hosting.remove_server(**olga, server=node2)
