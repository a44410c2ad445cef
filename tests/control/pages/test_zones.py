"""The pages and operations about zones that are still served here."""

from __future__ import annotations

from mailstead.control.dns.models import Zone
from mailstead.control.dns.zones import queries
from tests.control.api.caller import caller
from tests.control.dns.zones.files import ZONE
from tests.control.world import World

PATH = "/zones/cars.example/"


def values(kind: str) -> list[str]:
    zone = Zone.objects.get(name="cars.example")
    return [row.value for row in queries.records(zone) if row.type == kind]


def test_an_owner_adds_changes_and_removes_a_record(world: World) -> None:
    carl = world.client("customer")
    assert "is still served here" in carl.get("/domains/cars.example/dns/").content.decode()
    form = {"name": "www", "kind": "A", "ttl": "600", "value": "192.0.2.7"}
    page = carl.post(PATH + "add/", form, follow=True).content.decode()
    assert "The record was added." in page and 'data-copy="192.0.2.7"' in page
    row = Zone.objects.get(name="cars.example").records.get(value="192.0.2.7")
    assert 'value="www"' in carl.get(f"{PATH}records/{row.pk}/").content.decode()
    carl.post(f"{PATH}records/{row.pk}/", {**form, "value": "192.0.2.8"})
    assert values("A") == ["192.0.2.80", "192.0.2.8"]
    assert "192.0.2.8" in carl.get(f"{PATH}records/{row.pk}/remove/").content.decode()
    carl.post(f"{PATH}records/{row.pk}/remove/")
    assert values("A") == ["192.0.2.80"]


def test_what_cannot_be_is_said_in_the_form(world: World) -> None:
    form = {"name": "www", "kind": "A", "ttl": "600", "value": "not an address"}
    page = world.client("customer").post(PATH + "add/", form).content.decode()
    assert "This is no value of a record of the type A." in page and "192.0.2.80" in page


def test_the_servers_of_the_zone_are_not_the_customers_to_choose(world: World) -> None:
    row = Zone.objects.get(name="cars.example").records.get(type="NS")
    page = world.client("customer").get(PATH).content.decode()
    assert f"records/{row.pk}/" not in page
    assert f"records/{row.pk}/" in world.client("operator").get(PATH).content.decode()


def test_the_operator_attaches_and_sees_whom_the_world_asks(world: World) -> None:
    olga = world.client("operator")
    form = {
        "name": "old.example",
        "customer": world.customers["customer"].pk,
        "server": world.server.pk,
        "file": ZONE,
    }
    page = olga.post("/zones/attach/", form, follow=True).content.decode()
    assert "old.example is served here now." in page and "loc.old.example LOC" in page
    Zone.objects.filter(name="old.example").update(
        delegation="elsewhere", delegation_since=world.now, delegated_to=["ns.far.example"]
    )
    page = olga.get("/zones/", {"delegation": "elsewhere"}).content.decode()
    assert "old.example" in page and "cars.example" not in page
    assert "delegated elsewhere" in page
    page = world.client("customer").get("/zones/old.example/").content.decode()
    assert "The registry names these servers: ns.far.example" in page
    file = b"".join(olga.get("/zones/", {"export": "csv"}).streaming_content)  # type: ignore[attr-defined]
    assert b"old.example,Carl's Cars,elsewhere" in file


def test_a_zone_is_taken_elsewhere(world: World) -> None:
    Zone.objects.filter(name="cars.example").update(delegation="here")
    carl = world.client("customer")
    file = carl.get(PATH + "file/").content.decode()
    assert "cars.example. 3600 IN SOA ns1.host.example." in file
    page = carl.post(PATH + "leave/", {}).content.decode()
    assert "The registry still names our servers for cars.example" in page
    carl.post(PATH + "leave/", {"anyway": "on"})
    assert not Zone.objects.filter(name="cars.example").exists()


def test_a_program_does_the_same(world: World) -> None:
    carl, olga = caller(world, "customer"), caller(world, "operator")
    assert [row["name"] for row in carl.all("/zones")] == ["cars.example"]
    body = {"name": "www", "type": "TXT", "ttl": 60, "value": "hello; world"}
    made = carl.post("/zones/cars.example/records", body)
    assert made.status == 201 and made.body["value"] == '"hello; world"'
    number = made.body["id"]
    path = f"/zones/cars.example/records/{number}"
    assert carl.put(path, {**body, "ttl": 120}).body["ttl"] == 120
    whole = carl.get("/zones/cars.example").body
    assert {row["type"] for row in whole["records"]} == {"NS", "A", "TXT"}
    assert "hello; world" in carl.get("/zones/cars.example/file").body["file"]
    assert carl.delete(path).status == 204
    new = {"name": "old.example", "server": "node1", "file": ZONE}
    new |= {"customer": world.customers["customer"].pk}
    assert carl.post("/zones", new).status == 403
    attached = olga.post("/zones", new)
    assert attached.status == 201 and attached.body["left_out"] == ["loc.old.example LOC"]
    assert caller(world, "stranger").get("/zones/old.example").code == "zone-unknown"
    assert carl.delete("/zones/old.example").status == 204
