"""Customers and servers: names, limits, suspension, removal."""

from __future__ import annotations

import datetime as dt

from mailstead.control.hosting import services
from mailstead.control.people.queries import audit_trail
from mailstead.wire.changes import DomainPut
from tests.control.company import Company, feed_of, refused


def test_names_are_given_once_capitals_aside(company: Company) -> None:
    with refused("customer-exists"):
        company.add_customer("ANN'S bakery")
    with refused("server-exists"):
        company.add_server("NODE1")


def test_hostile_names_are_refused(company: Company) -> None:
    with refused("text-invalid"):
        company.add_customer("two\nlines")
    with refused("text-invalid"):
        company.add_customer("x" * 200)
    with refused("customer-name-empty"):
        company.add_customer("  ")
    for name in ("../up", "a b", "", "x" * 64, "-a"):
        with refused("server-name-invalid"):
            company.add_server(name)


def test_limits_that_are_none_are_refused(company: Company) -> None:
    with refused("size-invalid"):
        company.add_customer("Minus", quota=-1)
    with refused("limit-invalid"):
        company.add_customer("Minus", mailbox_limit=-1)


def test_a_suspension_reaches_every_domain_and_ends(company: Company) -> None:
    for name in ("a.example", "b.example"):
        company.domain(name)
    services.suspend_customer(**company.who, customer=company.customer, reason="unpaid")
    told = [change for change in feed_of()[-2:] if isinstance(change, DomainPut)]
    assert {(put.name, put.active) for put in told} == {("a.example", False), ("b.example", False)}
    company.domain("c.example")
    new = feed_of()[-2]
    assert isinstance(new, DomainPut) and not new.active
    services.resume_customer(**company.who, customer=company.customer)
    assert all(isinstance(put, DomainPut) and put.active for put in feed_of()[-3:])
    entry = audit_trail(company.actor, kind="customer").filter(verb="customer.suspend").get()
    assert entry.reason == "unpaid"
    assert entry.after == {
        "suspended": True,
        "suspended_by": "operator",
        "suspended_reason": "unpaid",
    }


def test_a_domain_suspended_for_itself_stays_so_when_its_customer_resumes(
    company: Company,
) -> None:
    domain = company.domain("a.example")
    services.suspend_domain(**company.who, domain=domain, reason="abuse")
    services.suspend_customer(**company.who, customer=company.customer, reason="unpaid")
    services.resume_customer(**company.who, customer=company.customer)
    put = feed_of()[-1]
    assert isinstance(put, DomainPut) and not put.active


def test_a_customer_with_domains_is_not_removed(company: Company) -> None:
    domain = company.domain("a.example")
    with refused("customer-in-use"):
        services.remove_customer(**company.who, customer=company.customer)
    services.remove_domain(**company.who, domain=domain, grace=dt.timedelta(0))
    services.purge_expired(company.now)
    services.remove_customer(**company.who, customer=company.customer)
    assert audit_trail(company.actor, kind="customer")[0].verb == "customer.remove"


def test_a_server_with_domains_is_not_removed(company: Company) -> None:
    company.domain("a.example")
    with refused("server-in-use"):
        services.remove_server(**company.who, server=company.server)
    services.remove_server(**company.who, server=company.add_server("empty"))
