"""One's own log-in: profile, places, open sessions, and what the trail tells of them."""

from __future__ import annotations

from mailstead.control.people import services as people
from mailstead.control.people.models import AuditEntry
from tests.control.world import PASSWORD, World


def test_language_and_time_zone_hold_at_once(world: World) -> None:
    client = world.client("customer")
    answer = client.post(
        "/profile/", {"name": "Carl", "language": "de", "time_zone": "Europe/Berlin", "theme": ""}
    )
    assert answer.status_code == 302
    page = client.get("/profile/")
    assert page.headers["Content-Language"] == "de"
    assert 'lang="de"' in page.content.decode()


def test_a_time_zone_that_is_none_is_refused(world: World) -> None:
    page = world.client("customer").post("/profile/", {"time_zone": "Mars/Olympus"})
    assert "There is no such time zone" in page.content.decode()


def test_somebody_with_two_places_chooses(world: World) -> None:
    people.create_member(
        actor=world.actor("operator"),
        now=world.now,
        email=world.people["customer"].email,
        password=PASSWORD,
        role="customer",
        customer=world.customers["stranger"].pk,
    )
    client = world.client("customer")
    assert "cars.example" in client.get("/domains/").content.decode()
    choice = client.get("/places/").content.decode()
    assert "Eve&#x27;s Shop" in choice
    second = world.people["customer"].memberships.get(customer=world.customers["stranger"].pk)
    client.post("/places/", {"place": str(second.pk)})
    page = client.get("/domains/").content.decode()
    assert "shop.example" in page and "cars.example" not in page


def test_nobody_chooses_a_place_that_is_not_theirs(world: World) -> None:
    client = world.client("customer")
    foreign = world.people["stranger"].memberships.get()
    client.post("/places/", {"place": str(foreign.pk)})
    assert "shop.example" not in client.get("/domains/").content.decode()


def test_another_session_can_be_ended(world: World) -> None:
    here, there = world.client("customer"), world.client("customer")
    there.get("/domains/")
    here.get("/domains/")
    here.post("/account/sessions/")
    assert here.get("/domains/").status_code == 200
    assert there.get("/domains/").status_code == 302


def test_who_is_removed_is_out_at_once(world: World) -> None:
    client = world.client("domain_admin")
    member = world.people["domain_admin"].memberships.get()
    people.remove_member(actor=world.actor("customer"), now=world.now, membership=member)
    assert client.get("/domains/").status_code == 302


def test_the_trail_tells_who_came_in_from_where(world: World) -> None:
    world.client("customer")
    entry = AuditEntry.objects.get(verb="session.open")
    assert (entry.actor, entry.address) == ("customer:carl@outside.example", "192.0.2.9")
    assert entry.customer == world.customers["customer"].pk
