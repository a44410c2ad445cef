"""Domains: the list, a new one, its tabs, suspension, removal and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailstead.control.hosting import services
from mailstead.control.hosting.models import Domain, Mailbox
from mailstead.control.hosting.queries.zone import zone_line
from tests.control.world import World

Bounded = Callable[[int], Any]


def many(world: World, count: int) -> None:
    """More domains of Carl's."""
    for n in range(count):
        services.create_domain(
            actor=world.actor("operator"),
            now=world.now,
            name=f"d{n:03}.example",
            customer=world.customers["customer"],
            server=world.server,
            dkim=False,
        )


@pytest.mark.parametrize("role", ["operator", "reseller", "customer", "domain_admin"])
def test_the_list_asks_few_questions_however_long_it_is(
    world: World, role: str, django_assert_max_num_queries: Bounded
) -> None:
    many(world, 60)
    client = world.client(role)
    client.get("/domains/")
    with django_assert_max_num_queries(15):
        client.get("/domains/")


def test_the_list_is_searched_sorted_and_exported(world: World) -> None:
    many(world, 60)
    client = world.client("customer")
    assert "62 rows" in client.get("/domains/").content.decode()
    found = client.get("/domains/", {"q": "tru"}).content.decode()
    assert "trucks.example" in found and "cars.example" not in found
    assert "No domain matches." in client.get("/domains/", {"q": "zzz"}).content.decode()
    last = client.get("/domains/", {"sort": "-name"}).content.decode()
    assert "trucks.example" in last and "cars.example" not in last
    file = client.get("/domains/", {"export": "csv"})
    lines = b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert "cars.example" in lines and "shop.example" not in lines


def test_a_domain_is_added_and_the_records_to_publish_follow(world: World) -> None:
    client = world.client("customer")
    answer = client.post("/domains/add/", {"name": "Bikes.Example"}, follow=True)
    page = answer.content.decode()
    number = Domain.objects.get(name="bikes.example").pk
    assert answer.redirect_chain[-1][0] == f"/domains/{number}/dns/"
    assert 'data-copy="node1.example"' in page and "_domainkey.bikes.example" in page
    zone = client.get("/domains/bikes.example/dns/zone/").content.decode()
    assert "bikes.example. 3600 IN MX 10 node1.example." in zone
    assert '"v=DMARC1; p=none; rua=mailto:dmarc-reports@node1.example"' in zone


def test_a_long_record_is_written_in_parts_that_a_dns_server_reads() -> None:
    line = zone_line("k._domainkey.a.example", "TXT", "p=" + "x" * 400 + '"')
    parts = line.partition(" TXT ")[2].split('" "')
    assert len(parts) == 2 and len(parts[0]) == 256
    assert line.endswith('\\""')


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cars.example", "is hosted here already"),
        ("no domain", "is not a domain name"),
        ("", "This field is required."),
    ],
)
def test_a_domain_that_cannot_be_says_why(world: World, name: str, words: str) -> None:
    assert words in world.client("customer").post("/domains/add/", {"name": name}).content.decode()


@pytest.mark.parametrize("tab", ["", "dns/", "settings/", "forwarders/", "catch-all/", "answers/"])
def test_every_tab_opens_with_few_questions(
    world: World, tab: str, django_assert_max_num_queries: Bounded
) -> None:
    client = world.client("customer")
    client.get("/")
    with django_assert_max_num_queries(17):
        page = client.get(f"/domains/cars.example/{tab}").content.decode()
    assert 'aria-current="page"' in page and "cars.example" in page


def test_what_a_domain_administrator_may_not_is_not_offered(world: World) -> None:
    page = world.client("domain_admin").get("/domains/cars.example/settings/").content.decode()
    assert "Change the domain forwarder" in page
    assert "Remove the domain" not in page and "Change the alias" not in page
    assert world.client("domain_admin").get("/domains/trucks.example/").status_code == 404


def test_a_domain_becomes_an_alias_and_its_own_again(world: World) -> None:
    client = world.client("customer")
    services.create_domain(
        actor=world.actor("operator"),
        now=world.now,
        name="autos.example",
        customer=world.customers["customer"],
        server=world.server,
        dkim=False,
    )
    path = "/domains/autos.example/alias/"
    assert "shop.example" not in client.get(path).content.decode()
    client.post(path, {"target": world.domains["main"].pk})
    domain = Domain.objects.get(name="autos.example")
    assert domain.alias_of == world.domains["main"]
    assert "alias of cars.example" in client.get("/domains/").content.decode()
    refused = client.post("/domains/trucks.example/alias/", {"target": world.domains["main"].pk})
    assert "has own addresses" in refused.content.decode()
    client.post(path, {"target": ""})
    domain.refresh_from_db()
    assert domain.alias_of is None


def test_unknown_names_go_to_another_domain(world: World) -> None:
    client, domain = world.client("customer"), world.domains["main"]
    client.post("/domains/cars.example/forward/", {"target": "elsewhere.example"})
    domain.refresh_from_db()
    assert domain.forward_to == "elsewhere.example"
    assert "elsewhere.example" in client.get("/domains/cars.example/settings/").content.decode()
    itself = client.post("/domains/cars.example/forward/", {"target": "cars.example"})
    assert "cannot forward to itself" in itself.content.decode()


def test_a_suspension_says_what_will_happen_and_why_it_did(world: World) -> None:
    path = "/domains/cars.example/"
    assert world.client("customer").get(path + "suspend/").status_code == 403
    rita = world.client("reseller")
    assert "Mail is still received" in rita.get(path + "suspend/").content.decode()
    assert "This field is required." in rita.post(path + "suspend/").content.decode()
    rita.post(path + "suspend/", {"reason": "bill 12 is open"})
    assert "bill 12 is open" in world.client("customer").get(path + "settings/").content.decode()
    rita.post(path + "resume/")
    world.domains["main"].refresh_from_db()
    assert not world.domains["main"].suspended


def test_a_removed_domain_comes_back_with_its_mailboxes(world: World) -> None:
    client = world.client("customer")
    page = client.get("/domains/cars.example/remove/").content.decode()
    assert "1 mailbox is removed with it" in page and "can be restored" in page
    answer = client.post("/domains/cars.example/remove/", follow=True)
    assert "Until" in answer.content.decode() and "Restore" in answer.content.decode()
    assert client.get("/domains/cars.example/").status_code == 404
    number = world.domains["main"].pk
    assert world.client("stranger").post(f"/domains/removed/{number}/").status_code == 404
    answer = client.post(f"/domains/removed/{number}/", follow=True)
    assert "cars.example is back." in answer.content.decode()
    assert Mailbox.objects.filter(domain=number, removed_at=None).count() == 1
