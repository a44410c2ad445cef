"""Loops are refused when they are made, and what is no loop is not."""

from __future__ import annotations

import time

import pytest

from mailstead.control.hosting import services
from mailstead.control.hosting.models import Domain
from mailstead.wire.changes import Route
from tests.control.company import GRACE, Company, feed_of, refused


@pytest.fixture
def abc(company: Company) -> dict[str, Domain]:
    return {name: company.domain(f"{name}.example") for name in "abc"}


def forward(company: Company, domain: Domain, target: str) -> None:
    services.set_domain_forwarder(**company.who, domain=domain, target=target)


def test_an_address_does_not_forward_to_itself(company: Company, abc: dict[str, Domain]) -> None:
    with refused("forward-to-itself"):
        company.forward("x@a.example", "X@A.example")


def test_forwarders_do_not_go_in_a_circle(company: Company, abc: dict[str, Domain]) -> None:
    company.forward("x@a.example", "x@b.example", "far@far.example")
    company.forward("x@b.example", "x@c.example")
    said = len(feed_of())
    with refused("loop"):
        company.forward("x@c.example", "X@a.example")
    assert len(feed_of()) == said
    company.forward("x@c.example", "y@a.example")


def test_a_circle_of_sub_addresses_is_one_too(company: Company, abc: dict[str, Domain]) -> None:
    company.forward("x@a.example", "x+more@b.example")
    with refused("loop"):
        company.forward("x@b.example", "x+again@a.example")


def test_domain_forwarders_do_not_go_in_a_circle(company: Company, abc: dict[str, Domain]) -> None:
    forward(company, abc["a"], "b.example")
    forward(company, abc["b"], "c.example")
    company.catch_all(abc["c"], "x@far.example")
    with refused("loop"):
        forward(company, abc["c"], "a.example")


def test_domain_forwarders_do_not_go_in_a_circle_even_where_nobody_is_there_yet(
    company: Company, abc: dict[str, Domain]
) -> None:
    forward(company, abc["a"], "b.example")
    with refused("loop"):
        forward(company, abc["b"], "a.example")


def test_a_forwarder_and_a_domain_forwarder_do_not_go_in_a_circle(
    company: Company, abc: dict[str, Domain]
) -> None:
    forward(company, abc["a"], "b.example")
    with refused("loop"):
        company.forward("x@b.example", "x@a.example")


def test_a_domain_forwarder_closes_no_circle_of_a_forwarder(
    company: Company, abc: dict[str, Domain]
) -> None:
    company.forward("x@b.example", "x@a.example")
    with refused("loop"):
        forward(company, abc["a"], "b.example")


def test_a_domain_forwarder_closes_no_circle_through_another_domain(
    company: Company, abc: dict[str, Domain]
) -> None:
    """x@a → x@b → x@c → x@a: the forwarder names neither of the two domains that close it."""
    forward(company, abc["c"], "a.example")
    company.forward("x@b.example", "x@c.example")
    with refused("loop"):
        forward(company, abc["a"], "b.example")


def test_a_catch_all_is_no_address_that_only_it_makes(
    company: Company, abc: dict[str, Domain]
) -> None:
    with refused("loop"):
        company.catch_all(abc["a"], "nobody@a.example")
    company.mailbox("ann@a.example")
    company.catch_all(abc["a"], "ann@a.example")


def test_catch_alls_do_not_go_in_a_circle(company: Company, abc: dict[str, Domain]) -> None:
    company.catch_all(abc["a"], "x@b.example")
    with refused("loop"):
        company.catch_all(abc["b"], "y@a.example")


def test_an_alias_closes_no_circle(company: Company, abc: dict[str, Domain]) -> None:
    company.forward("x@b.example", "x@a.example")
    with refused("loop"):
        services.make_domain_alias(**company.who, domain=abc["a"], target=abc["b"])


def test_a_new_domain_closes_no_circle(company: Company, abc: dict[str, Domain]) -> None:
    company.forward("x@a.example", "x@new.example")
    company.domain("new.example")
    with refused("loop"):
        company.forward("x@new.example", "x@a.example")


def test_a_restored_domain_closes_no_circle(company: Company, abc: dict[str, Domain]) -> None:
    company.forward("x@a.example", "x@b.example")
    services.remove_domain(**company.who, domain=abc["a"], grace=GRACE)
    company.forward("x@b.example", "x@a.example")
    with refused("loop"):
        services.restore_domain(**company.who, domain=abc["a"])


def test_the_end_of_a_mailbox_closes_no_circle(company: Company, abc: dict[str, Domain]) -> None:
    """Without its mailbox x@b falls to the domain forwarder, and that to x@a again."""
    mailbox = company.mailbox("x@b.example")
    forward(company, abc["b"], "a.example")
    company.forward("x@a.example", "x@b.example")
    with refused("loop"):
        services.remove_mailbox(**company.who, mailbox=mailbox, grace=GRACE)


def test_the_end_of_a_forwarder_closes_no_circle(company: Company, abc: dict[str, Domain]) -> None:
    forwarder = company.forward("x@b.example", "x@far.example")
    forward(company, abc["b"], "a.example")
    company.forward("x@a.example", "x@b.example")
    with refused("loop"):
        services.remove_forwarder(**company.who, forwarder=forwarder)


def test_two_who_keep_a_copy_may_forward_to_each_other(
    company: Company, abc: dict[str, Domain]
) -> None:
    """Postfix expands an address into itself once (cleanup(8)): both get one copy."""
    for name in ("ann", "bob"):
        company.mailbox(f"{name}@a.example")
    company.forward("ann@a.example", "bob@a.example", keep=True)
    company.forward("bob@a.example", "ann@a.example", keep=True)


def test_a_chain_that_ends_is_no_loop(company: Company, abc: dict[str, Domain]) -> None:
    company.mailbox("ann@c.example")
    company.forward("x@a.example", "x@b.example", "ann@c.example")
    company.forward("x@b.example", "ann@c.example")
    company.route("y@b.example", Route(action="blackhole"))
    forward(company, abc["a"], "b.example")


def test_a_net_of_forwarders_is_checked_once_and_not_by_every_path(
    company: Company, abc: dict[str, Domain]
) -> None:
    """Seven layers of five addresses have 78,125 paths and 35 addresses."""
    for layer in range(7):
        below = [f"l{layer - 1}n{n}@a.example" for n in range(5)] or []
        for n in range(5):
            company.forward(f"l{layer}n{n}@a.example", *(below if layer else ["x@far.example"]))
    began = time.monotonic()
    company.forward("top@a.example", *(f"l6n{n}@a.example" for n in range(5)))
    assert time.monotonic() - began < 2
