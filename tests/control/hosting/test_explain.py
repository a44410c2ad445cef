"""What happens to mail for an address: the precedence that is promised in docs/."""

from __future__ import annotations

import pytest

from mailstead.control.hosting import services
from mailstead.control.hosting.queries import explain
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import Route
from tests.control.company import Company


@pytest.fixture(autouse=True)
def domains(company: Company) -> None:
    for name in "abc":
        company.domain(f"{name}.example")
    company.mailbox("ann@a.example")
    company.mailbox("ann@b.example")


def test_own_address_before_domain_forwarder_before_catch_all(company: Company) -> None:
    a = company.at("x@a.example")
    services.set_domain_forwarder(**company.who, domain=a, target="b.example")
    company.catch_all(a, "rest@far.example")
    company.mailbox("bob@b.example")
    assert explain("ann@a.example").stored == {"ann@a.example"}
    assert explain("bob@a.example").stored == {"bob@b.example"}
    assert explain("nobody@a.example").sent == {"rest@far.example"}


def test_a_domain_forwarder_to_elsewhere_takes_everything(company: Company) -> None:
    a = company.at("x@a.example")
    services.set_domain_forwarder(**company.who, domain=a, target="far.example")
    company.catch_all(a, "rest@far.example")
    assert explain("nobody@a.example").sent == {"nobody@far.example"}


def test_an_alias_knows_whom_its_target_knows(company: Company) -> None:
    c, a = company.at("x@c.example"), company.at("x@a.example")
    services.make_domain_alias(**company.who, domain=c, target=a)
    assert explain("ann@c.example").stored == {"ann@a.example"}
    assert explain("nobody@c.example").refused == "unknown"
    company.catch_all(a, "ann@b.example")
    assert explain("nobody@c.example").stored == {"ann@b.example"}


def test_a_forwarder_replaces_its_mailbox_unless_it_keeps_a_copy(company: Company) -> None:
    company.forward("ann@a.example", "x@far.example")
    assert explain("ann@a.example").stored == set()
    company.forward("ann@a.example", "x@far.example", keep=True)
    outcome = explain("ann@a.example")
    assert (outcome.stored, outcome.sent) == ({"ann@a.example"}, {"x@far.example"})


def test_texts_drops_and_answers(company: Company) -> None:
    company.route("old@a.example", Route(action="fail", text="We have moved"))
    company.route("sink@a.example", Route(action="blackhole"))
    company.answer("away@a.example")
    company.catch_all(company.at("x@a.example"), "ann@a.example")
    assert explain("old@a.example").refused == "We have moved"
    assert explain("sink@a.example").dropped
    away = explain("away@a.example")
    assert (away.answered, away.stored) == ({"away@a.example"}, {"ann@a.example"})


def test_a_sub_address_follows_its_address(company: Company) -> None:
    assert explain("ann+news@a.example").stored == {"ann@a.example"}
    company.forward("ann+spam@a.example", "x@far.example")
    assert explain("ann+spam@a.example").sent == {"x@far.example"}


def test_what_is_not_hosted_goes_elsewhere_and_what_is_no_address_is_refused(
    company: Company,
) -> None:
    assert explain("Ann@far.example").sent == {"Ann@far.example"} or explain(
        "Ann@far.example"
    ).sent == {"ann@far.example"}
    with pytest.raises(Refusal):
        explain("two\nlines@a.example")


def test_a_mailbox_that_does_not_receive_says_why(company: Company) -> None:
    from mailstead.control.hosting.models import Mailbox

    mailbox = Mailbox.objects.get(local="ann", domain__name="a.example")
    services.suspend_mailbox(**company.who, mailbox=mailbox, what="receiving", reason="moved")
    assert "receiving" in explain("ann@a.example").refused
