"""One's own log-in: profile, places, open sessions, and what the trail tells of them."""

from __future__ import annotations

from allauth.usersessions.models import UserSession

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
    here.post("/account/sessions/", {"session": "others"})
    assert AuditEntry.objects.filter(verb="session.end").count() == 1
    assert here.get("/domains/").status_code == 200
    assert there.get("/domains/").status_code == 302


def test_one_of_several_sessions_can_be_ended(world: World) -> None:
    here, there, phone = (world.client("customer") for _ in range(3))
    for client in (there, here):
        client.get("/domains/")
    phone.get("/domains/", headers={"user-agent": "Mozilla/5.0 (iPhone; x) CriOS/1 Safari/1"})
    assert "Chrome on iPhone" in here.get("/account/sessions/").content.decode()
    number = UserSession.objects.get(session_key=phone.session.session_key).pk
    here.post("/account/sessions/", {"session": str(number)})
    assert phone.get("/domains/").status_code == 302
    assert there.get("/domains/").status_code == 200
    mine = UserSession.objects.get(session_key=here.session.session_key).pk
    here.post("/account/sessions/", {"session": str(mine)})
    assert here.get("/domains/").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(world: World) -> None:
    here, foreign = world.client("customer"), world.client("stranger")
    foreign.get("/domains/")
    number = UserSession.objects.get(session_key=foreign.session.session_key).pk
    here.post("/account/sessions/", {"session": str(number)})
    assert foreign.get("/domains/").status_code == 200
    assert not AuditEntry.objects.filter(verb="session.end").exists()


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
