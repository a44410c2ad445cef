"""The first page of a customer, and the audit trail: what is said, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailstead.control.hosting import services
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people import services as people
from mailstead.control.people.models import AuditEntry
from tests.control.world import OUTSIDE, PASSWORD, World

Bounded = Callable[[int], Any]


@pytest.mark.parametrize("role", ["customer", "domain_admin"])
def test_the_overview_asks_few_questions(
    world: World, role: str, django_assert_max_num_queries: Bounded
) -> None:
    client = world.client(role)
    client.get("/")
    # Ten of them are the session's and the sign-in's.
    with django_assert_max_num_queries(28):
        client.get("/")


def test_a_new_customer_is_led_step_by_step(world: World) -> None:
    who = {"actor": world.actor("operator"), "now": world.now}
    fresh = services.create_customer(**who, name="Fred's Fish", email=f"fred@{OUTSIDE}")
    fred = people.create_member(
        **who, email=f"fred@{OUTSIDE}", password=PASSWORD, role="customer", customer=fresh.pk
    )
    world.people["fresh"] = fred.person
    client = world.client("fresh")
    page = client.get("/").content.decode()
    assert "First steps" in page and "Add a domain" in page and "No domain yet" in page
    client.post("/domains/add/", {"name": "fish.example"})
    page = client.get("/").content.decode()
    assert "/domains/fish.example/dns/" in page
    assert "fish.example has no mailbox yet: mail to it is refused." in page
    client.post("/mailboxes/add/", {"local": "fred", "domain": "fish.example"})
    number = Mailbox.objects.get(local="fred").pk
    assert f"/mailboxes/{number}/welcome/" in client.get("/").content.decode()
    client.post(f"/mailboxes/{number}/welcome/", {"recipient": f"fred@{OUTSIDE}"})
    assert "First steps" not in client.get("/").content.decode()


def test_what_needs_attention_is_said(world: World) -> None:
    Mailbox.objects.filter(local="mia").update(quota=1000, usage_bytes=950)
    services.suspend_domain(
        actor=world.actor("reseller"),
        now=world.now,
        domain=world.domains["other"],
        reason="bill 12 is open",
    )
    page = world.client("customer").get("/").content.decode()
    assert "mia@cars.example is nearly full." in page
    assert "trucks.example is suspended: bill 12 is open" in page
    assert "A second factor keeps others out." in page
    assert "shop.example" not in page
    page = world.client("domain_admin").get("/").content.decode()
    assert "mia@cars.example is nearly full." in page and "trucks.example" not in page
    assert "First steps" not in page


def test_the_trail_says_who_what_and_what_changed(world: World) -> None:
    client, number = world.client("customer"), world.mailboxes["main"].pk
    client.post(f"/mailboxes/{number}/edit/", {"name": "<i>Mia</i>", "quota": "1 GiB"})
    page = client.get("/audit/", {"label": "mia@cars.example"}).content.decode()
    assert "mailbox.update" in page and "customer:carl@outside.example" in page
    assert "&lt;i&gt;Mia" in page and str(2**30) in page
    assert "192.0.2.9" in page
    assert "{SHA512-CRYPT}" not in page


@pytest.mark.parametrize(
    ("role", "seen", "hidden"),
    [
        ("operator", "shop.example", "nothing-hidden"),
        ("reseller", "cars.example", "shop.example"),
        ("customer", "trucks.example", "shop.example"),
        ("domain_admin", "cars.example", "trucks.example"),
        ("stranger", "shop.example", "cars.example"),
    ],
)
def test_the_trail_is_its_owners(world: World, role: str, seen: str, hidden: str) -> None:
    page = world.client(role).get("/audit/").content.decode()
    assert seen in page and hidden not in page
    file = world.client(role).get("/audit/", {"export": "csv"})
    lines = b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert seen in lines and hidden not in lines


def test_the_trail_is_searched_and_narrowed(
    world: World, django_assert_max_num_queries: Bounded
) -> None:
    client = world.client("customer")
    client.get("/")
    with django_assert_max_num_queries(15):
        client.get("/audit/")
    only = client.get("/audit/", {"kind": "domain"}).content.decode()
    assert "domain.create" in only and "mailbox.create" not in only
    found = client.get("/audit/", {"q": "trucks"}).content.decode()
    assert "trucks.example" in found and "mia@" not in found
    request = AuditEntry.objects.exclude(request="").filter(customer=world.customers["customer"].pk)
    number = request.first()
    if number is not None:
        assert number.verb in client.get("/audit/", {"q": number.request}).content.decode()
    assert "No entry fits" in client.get("/audit/", {"q": "zzz"}).content.decode()
