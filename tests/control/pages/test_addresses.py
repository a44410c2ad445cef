"""Where mail goes: forwarders, catch-alls, automatic answers, and what is told about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.models import Autoresponder, Forwarder
from mailstead.control.people.models import AuditEntry
from mailstead.wire.changes import Route
from tests.control.world import OUTSIDE, World

Bounded = Callable[[int], Any]
FORWARDERS = "/domains/cars.example/forwarders/"
ANSWERS = "/domains/cars.example/answers/"
CATCH_ALL = "/domains/cars.example/catch-all/"


def test_a_forwarder_is_made_changed_and_removed(world: World) -> None:
    client = world.client("domain_admin")
    asked = {
        "local": "sales",
        "action": "deliver",
        "destinations": f"one@{OUTSIDE}\ntwo@{OUTSIDE}",
        "keep_copy": "on",
    }
    assert client.post(FORWARDERS + "add/", asked).status_code == 302
    made = Forwarder.objects.get(local="sales")
    assert made.keep_copy and made.destinations.count() == 2
    page = client.get(FORWARDERS).content.decode()
    assert f"one@{OUTSIDE}, two@{OUTSIDE}" in page and "a copy in the mailbox" in page
    client.post(f"/forwarders/{made.pk}/", {"action": "fail", "text": "Write to bob."})
    made.refresh_from_db()
    assert (made.action, made.text, made.keep_copy) == ("fail", "Write to bob.", False)
    assert "refused" in client.get(FORWARDERS).content.decode()
    assert (
        "Mail to sales@cars.example"
        in client.get(f"/forwarders/{made.pk}/remove/").content.decode()
    )
    client.post(f"/forwarders/{made.pk}/remove/")
    assert not Forwarder.objects.filter(local="sales").exists()


def _number_of_removal(kind: str) -> int:
    return AuditEntry.objects.filter(verb=f"{kind}.remove").latest("pk").pk


def test_a_removed_forwarder_is_put_back_as_it_was(world: World) -> None:
    client = world.client("domain_admin")
    there = world.forwarders["customer"]
    route = queries.route_of(there)
    client.post(f"/forwarders/{there.pk}/remove/")
    back = f"/forwarders/back/{_number_of_removal('forwarder')}/"
    assert back in client.get(FORWARDERS).content.decode()
    assert client.post(back).status_code == 302
    again = Forwarder.objects.get(domain=there.domain, local=there.local)
    assert (queries.route_of(again), again.keep_copy) == (route, there.keep_copy)
    page = client.get(FORWARDERS).content.decode()
    assert "info@cars.example is back." in page and back not in page
    assert client.post(back).status_code == 422


def test_a_removed_answer_is_put_back_as_it_was(world: World) -> None:
    client = world.client("customer")
    there = world.answers["customer"]
    services.set_autoresponder(
        actor=world.actor("customer"),
        now=world.now,
        domain=there.domain,
        address=there.address,
        subject="Away",
        body="Later.",
        ends=world.now + dt.timedelta(days=3),
    )
    client.post(f"/answers/{there.pk}/remove/")
    back = f"/answers/back/{_number_of_removal('autoresponder')}/"
    assert back in client.get(ANSWERS).content.decode()
    client.post(back)
    again = Autoresponder.objects.get(domain=there.domain, local=there.local)
    assert (again.subject, again.ends) == ("Away", world.now + dt.timedelta(days=3))


def test_nobody_puts_back_what_was_removed_elsewhere(world: World) -> None:
    there = world.forwarders["stranger"]
    world.client("stranger").post(f"/forwarders/{there.pk}/remove/")
    back = f"/forwarders/back/{_number_of_removal('forwarder')}/"
    assert world.client("customer").post(back).status_code == 404
    assert not Forwarder.objects.filter(domain=there.domain, local=there.local).exists()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"destinations": ""}, "A destination is missing."),
        ({"destinations": "nonsense"}, "is not a mail address"),
        ({"destinations": "sales@cars.example"}, "cannot forward to itself"),
        ({"local": "info", "destinations": f"a@{OUTSIDE}"}, "already"),
        ({"local": "a b", "destinations": f"a@{OUTSIDE}"}, "cannot be used here"),
        ({"action": "fail", "text": "Grüße"}, "ASCII"),
    ],
)
def test_a_forwarder_that_cannot_be_says_why(
    world: World, asked: dict[str, str], words: str
) -> None:
    before = Forwarder.objects.count()
    data = {"local": "sales", "action": "deliver", **asked}
    page = world.client("customer").post(FORWARDERS + "add/", data).content.decode()
    assert words in page
    assert Forwarder.objects.count() == before


def test_a_circle_is_refused_with_its_way(world: World) -> None:
    client = world.client("customer")
    there = {"local": "one", "action": "deliver", "destinations": "two@cars.example"}
    back = {"local": "two", "action": "deliver", "destinations": "one@cars.example"}
    client.post(FORWARDERS + "add/", there)
    page = client.post(FORWARDERS + "add/", back).content.decode()
    assert "Mail would go round in a circle" in page


def test_the_list_of_forwarders_asks_few_questions_searches_and_exports(
    world: World, django_assert_max_num_queries: Bounded
) -> None:
    who = {"actor": world.actor("operator"), "now": world.now}
    for n in range(60):
        services.set_forwarder(
            **who,
            domain=world.domains["main"],
            address=f"f{n:02}@cars.example",
            route=Route(action="deliver", destinations=(f"x{n}@{OUTSIDE}", f"y{n}@{OUTSIDE}")),
        )
    client = world.client("customer")
    client.get("/")
    with django_assert_max_num_queries(15):
        page = client.get(FORWARDERS).content.decode()
    assert "61 rows" in page and "f00@cars.example" in page
    found = client.get(FORWARDERS, {"q": "x7@"}).content.decode()
    assert "f07@cars.example" in found and "f08@cars.example" not in found
    file = client.get(FORWARDERS, {"export": "csv"})
    assert b"f59@cars.example" in b"".join(file.streaming_content)  # type: ignore[attr-defined]


def test_a_catch_all_is_set_and_taken_away(world: World) -> None:
    client, domain = world.client("customer"), world.domains["main"]
    client.post(CATCH_ALL, {"action": "deliver", "destinations": "mia@cars.example"})
    domain.refresh_from_db()
    assert domain.catch_all_destinations == ["mia@cars.example"]
    assert "mia@cars.example" in client.get(CATCH_ALL).content.decode()
    client.post(CATCH_ALL, {"action": "fail", "text": ""})
    domain.refresh_from_db()
    assert domain.catch_all_action == ""


def test_an_answer_keeps_the_readers_time_and_is_changed_and_removed(world: World) -> None:
    person = world.people["customer"]
    person.time_zone = "Europe/Berlin"
    person.save()
    client = world.client("customer")
    asked = {
        "local": "hello",
        "subject": "Away",
        "body": "Back soon.",
        "starts": "2026-07-01T08:00",
        "ends": "2026-07-14T18:30",
        "days": "3",
    }
    assert client.post(ANSWERS + "add/", asked).status_code == 302
    made = Autoresponder.objects.get(local="hello")
    assert made.starts == dt.datetime(2026, 7, 1, 6, 0, tzinfo=dt.UTC)
    assert made.interval == 3 * 86400
    assert 'value="2026-07-14T18:30"' in client.get(f"/answers/{made.pk}/").content.decode()
    changed = {**asked, "ends": "2026-06-01T00:00"}
    page = client.post(f"/answers/{made.pk}/", changed).content.decode()
    assert "ends before it starts" in page
    client.post(f"/answers/{made.pk}/remove/")
    assert not Autoresponder.objects.filter(local="hello").exists()


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((None, None), "answers"),
        ((-2, 2), "answers"),
        ((2, None), "waits for its time"),
        ((-4, -2), "over"),
    ],
)
def test_the_list_of_answers_says_which_of_them_answer_now(
    world: World, days: tuple[int | None, int | None], words: str
) -> None:
    now = timezone.now()
    starts, ends = (now + dt.timedelta(n) if n else None for n in days)
    services.set_autoresponder(
        actor=world.actor("customer"),
        now=now,
        domain=world.domains["main"],
        address="hello@cars.example",
        subject="Away",
        body="Back soon.",
        starts=starts,
        ends=ends,
    )
    page = world.client("customer").get(ANSWERS, {"q": "hello"}).content.decode()
    assert f"{words}</span>" in page.split('data-head="State"')[1].split("</td>")[0]


def test_the_way_of_a_message_ends_where_another_tenant_begins(world: World) -> None:
    services.set_forwarder(
        actor=world.actor("customer"),
        now=world.now,
        domain=world.domains["main"],
        address="shop@cars.example",
        route=Route(action="deliver", destinations=("info@shop.example",)),
    )
    carl, path = world.client("customer"), "/explain/"
    page = carl.get(path, {"address": "shop@cars.example"}).content.decode()
    assert "info@shop.example" in page
    # Eve's own forwarder at that address is nobody else's business.
    assert f"desk@{OUTSIDE}" not in page
    assert "There is no domain" in carl.get(path, {"address": "info@shop.example"}).content.decode()
    page = world.client("operator").get(path, {"address": "shop@cars.example"}).content.decode()
    assert f"desk@{OUTSIDE}" in page


def test_what_happens_to_an_address_is_told(world: World) -> None:
    client = world.client("domain_admin")
    kept = client.get("/explain/", {"address": "mia@cars.example"}).content.decode()
    assert "Kept in" in kept
    gone = client.get("/explain/", {"address": "nobody@cars.example"}).content.decode()
    assert "In the end" in gone and "refused" in gone
    assert "This could not be done" in client.get("/explain/", {"address": "x"}).content.decode()
