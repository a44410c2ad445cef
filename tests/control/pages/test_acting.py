"""Acting in a customer's place: downward, with a reason, without secrets, seen by the owner."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from mailstead.control.hosting import services
from mailstead.control.people.models import AuditEntry
from mailstead.standards.refusal import Refusal
from tests.control.world import World


def enter(world: World, role: str, whose: str = "customer", reason: str = "ticket 17") -> Client:
    client = world.client(role)
    number = world.customers[whose].pk
    client.post(f"/customers/{number}/act-as/", {"reason": reason})
    return client


@pytest.mark.parametrize("role", ["operator", "staff", "reseller"])
def test_who_stands_above_enters_with_a_reason_and_sees_a_banner(world: World, role: str) -> None:
    page = enter(world, role).get("/domains/").content.decode()
    assert "You act in the place of <strong>Carl&#x27;s Cars</strong>" in page
    assert "ticket 17" in page
    assert "cars.example" in page
    assert "shop.example" not in page


def test_without_a_reason_nobody_enters(world: World) -> None:
    client = enter(world, "operator", reason="")
    assert "You act in the place" not in client.get("/").content.decode()


@pytest.mark.parametrize("whose", ["stranger", "reseller"])
def test_a_reseller_enters_own_customers_only(world: World, whose: str) -> None:
    client = world.client("reseller")
    number = world.customers[whose].pk
    assert client.post(f"/customers/{number}/act-as/", {"reason": "x"}).status_code == 404


def test_the_owner_reads_who_was_there_why_and_what_was_done(world: World) -> None:
    client = enter(world, "operator")
    answer = client.post("/domains/add/", {"name": "new.example"})
    assert answer.status_code == 302
    trail = AuditEntry.objects.filter(customer=world.customers["customer"].pk)
    assert trail.get(verb="customer.act-as").reason == "ticket 17"
    made = trail.get(verb="domain.create", label="new.example")
    assert made.actor == "operator:olga@outside.example"
    assert made.acting_as == "customer:Carl's Cars"
    assert made.reason == "ticket 17"
    assert made.address == "192.0.2.9"
    assert len(made.request) == 32


def test_nothing_secret_can_be_made_in_anothers_place(world: World) -> None:
    actor = world.actor("operator").standing_in(world.actor("customer"), "ticket 17")
    with pytest.raises(Refusal) as refused:
        services.set_password(
            actor=actor, now=world.now, mailbox=world.mailboxes["main"], password="a new one 123"
        )
    assert refused.value.code == "forbidden-for-another"


def test_it_ends_by_itself_after_an_hour(world: World) -> None:
    client = enter(world, "operator")
    session = client.session
    session["acting"] = session["acting"] | {
        "until": (world.now - dt.timedelta(seconds=1)).timestamp()
    }
    session.save()
    assert "You act in the place" not in client.get("/domains/").content.decode()


def test_it_ends_when_the_customer_is_no_longer_the_resellers(world: World) -> None:
    client = enter(world, "reseller")
    carl = world.customers["customer"]
    carl.reseller = None
    carl.save()
    assert "You act in the place" not in client.get("/").content.decode()


def test_it_ends_on_demand(world: World) -> None:
    client = enter(world, "operator")
    client.post("/act-as/end/")
    assert "You act in the place" not in client.get("/domains/").content.decode()
