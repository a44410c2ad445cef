"""Lists: pages that hold still, searches, and what is no cursor."""

from __future__ import annotations

import pytest

from mailstead.control.hosting import services
from tests.control.api.caller import caller
from tests.control.world import World


def _boxes(world: World, count: int) -> None:
    rows = [
        services.MailboxRow(address=f"box{n:03}@cars.example", hashed="$6$saltsalt$" + "a" * 86)
        for n in range(count)
    ]
    services.import_mailboxes(actor=world.actor("operator"), now=world.now, rows=rows)


def test_pages_together_are_the_whole_list_each_object_once(world: World) -> None:
    _boxes(world, 23)
    program = caller(world, "customer")
    found = [row["address"] for row in program.all("/mailboxes?domain=cars.example", limit=5)]
    assert found == ["mia@cars.example", *(f"box{n:03}@cars.example" for n in range(23))]


def test_what_comes_or_goes_in_between_neither_repeats_nor_hides_a_row(world: World) -> None:
    _boxes(world, 6)
    program = caller(world, "customer")
    first = program.get("/mailboxes?limit=3").body
    program.delete(f"/mailboxes/{first['items'][0]['address']}")
    program.post("/mailboxes", {"address": "late@cars.example"})
    rest = program.get(f"/mailboxes?limit=500&after={first['next']}").body["items"]
    seen = [row["address"] for row in (*first["items"], *rest)]
    assert len(seen) == len(set(seen))
    assert {f"box{n:03}@cars.example" for n in range(6)} <= set(seen)
    assert "late@cars.example" in seen


def test_the_trail_pages_backwards(world: World) -> None:
    program = caller(world, "operator")
    numbers = [row["id"] for row in program.all("/audit", limit=3)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 6


@pytest.mark.parametrize(
    "after", ["x", "azA", "azA5", "LTE", "a0", "é", "k1", "azk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"]
)
def test_what_is_no_cursor_is_refused(world: World, after: str) -> None:
    answer = caller(world, "customer").get(f"/mailboxes?after={after}")
    assert answer.status in (200, 422)
    if answer.status == 200:
        assert answer.body["next"] is None


@pytest.mark.parametrize("limit", ["0", "501", "x", "-1"])
def test_a_page_has_from_1_to_500_objects(world: World, limit: str) -> None:
    answer = caller(world, "customer").get(f"/mailboxes?limit={limit}")
    assert [error["field"] for error in answer.body["errors"]] == ["limit"]


def test_searches_find_and_do_not_look_across(world: World) -> None:
    program = caller(world, "reseller")
    assert [r["address"] for r in program.all("/mailboxes?q=mia")] == ["mia@cars.example"]
    assert program.all("/mailboxes?q=shop") == []
    assert program.get("/mailboxes?domain=shop.example").code == "domain-unknown"
    assert [r["name"] for r in program.all("/customers?q=carl")] == ["Carl's Cars"]
    number = world.customers["customer"].pk
    assert len(program.all(f"/domains?customer={number}")) == 2
    assert program.get(f"/domains?customer={world.customers['stranger'].pk}").status == 404


def test_a_list_asks_the_database_a_few_times_however_long_it_is(
    world: World, django_assert_max_num_queries: object
) -> None:
    _boxes(world, 40)
    program = caller(world, "customer")
    program.get("/mailboxes")
    for path in ("/mailboxes", "/domains", "/forwarders", "/autoresponders", "/audit", "/members"):
        with django_assert_max_num_queries(8):  # type: ignore[operator]
            assert program.get(f"{path}?limit=500").status == 200
