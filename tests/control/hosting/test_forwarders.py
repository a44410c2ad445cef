"""Forwarders and autoresponders: what they take, what they refuse, what the feed is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mailstead.control.hosting import queries, services
from mailstead.control.people.queries import audit_trail
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import (
    AutoresponderGone,
    AutoresponderPut,
    ForwarderGone,
    ForwarderPut,
    Route,
)
from tests.control.company import Company, feed_of, last_change, refused


@pytest.fixture(autouse=True)
def domain(company: Company) -> None:
    company.domain("a.example")


def test_destinations_keep_their_order_and_are_told_once(company: Company) -> None:
    company.forward("Info@A.example", "b@far.example", "B@Far.Example", "b@FAR.example", keep=True)
    assert last_change() == ForwarderPut(
        address="info@a.example",
        route=Route(action="deliver", destinations=("b@far.example", "B@far.example")),
        keep_copy=True,
    )


def test_a_forwarder_refuses_or_drops(company: Company) -> None:
    company.route("old@a.example", Route(action="fail", text="We have moved"))
    put = last_change()
    assert isinstance(put, ForwarderPut)
    assert put.route == Route(action="fail", text="We have moved")
    company.route("old@a.example", Route(action="blackhole"))
    put = last_change()
    assert isinstance(put, ForwarderPut)
    assert put.route == Route(action="blackhole")
    assert len(queries.forwarders(company.actor)) == 1


def test_a_forwarder_is_removed_at_once(company: Company) -> None:
    forwarder = company.forward("info@a.example", "b@far.example")
    services.remove_forwarder(**company.who, forwarder=forwarder)
    assert last_change() == ForwarderGone(address="info@a.example")
    with refused("forwarder-unknown"):
        queries.forwarder_named(company.actor, "info@a.example")
    entry = audit_trail(company.actor, kind="forwarder", label="info@a.example")[0]
    assert entry.before is not None
    assert entry.before["destinations"] == ["b@far.example"]


def test_the_audit_trail_knows_where_mail_was_sent(company: Company) -> None:
    """Who turned a forwarder to where is the first question after a theft of mail."""
    company.forward("info@a.example", "b@far.example")
    company.forward("info@a.example", "thief@evil.example")
    entry = audit_trail(company.actor, kind="forwarder", label="info@a.example")[0]
    assert entry.before is not None and entry.after is not None
    assert entry.before["destinations"] == ["b@far.example"]
    assert entry.after["destinations"] == ["thief@evil.example"]


@pytest.mark.parametrize(
    "to",
    [
        "two\nlines@far.example",
        "nul\0@far.example",
        '"quoted"@far.example',
        "|/bin/sh",
        ":include:/etc/passwd",
        "a@far.example, b@far.example",
        "no-at",
        "x" * 65 + "@far.example",
        "a@far",
        "",
    ],
)
def test_a_hostile_destination_is_refused(company: Company, to: str) -> None:
    said = len(feed_of())
    with pytest.raises(Refusal):
        company.forward("info@a.example", to)
    assert len(feed_of()) == said
    assert not queries.forwarders(company.actor)


def test_a_forwarder_needs_a_destination_and_not_too_many(company: Company) -> None:
    with refused("destinations-empty"):
        company.forward("info@a.example")
    with refused("destinations-many"):
        company.forward("info@a.example", *(f"x{n}@far.example" for n in range(501)))


def test_an_answer_is_told_as_it_is(company: Company) -> None:
    starts = company.now
    company.answer(
        "Ann@a.example",
        subject="Привет",
        body="Zeile 1\r\nZeile 2 ☃\n",
        html=True,
        from_name="Änn",
        starts=starts,
        ends=starts + dt.timedelta(days=3),
        interval=3600,
    )
    assert last_change() == AutoresponderPut(
        address="ann@a.example",
        starts=starts,
        ends=starts + dt.timedelta(days=3),
        interval=3600,
        subject="Привет",
        body="Zeile 1\nZeile 2 ☃\n",
        html=True,
        from_name="Änn",
    )


def test_an_answer_is_replaced_and_ends(company: Company) -> None:
    company.answer("ann@a.example")
    answer = company.answer("ann@a.example", subject="Still away")
    put = last_change()
    assert isinstance(put, AutoresponderPut) and put.subject == "Still away"
    services.remove_autoresponder(**company.who, answer=answer)
    assert last_change() == AutoresponderGone(address="ann@a.example")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"subject": "two\nBcc: x@far.example"}, "text-invalid"),
        ({"subject": "nul\0"}, "text-invalid"),
        ({"subject": "x" * 300}, "text-invalid"),
        ({"from_name": 'a\r\nTo: "x"'}, "text-invalid"),
        ({"body": "nul\0"}, "text-invalid"),
        ({"body": "x" * 200_000}, "text-invalid"),
        ({"body": " \n"}, "text-empty"),
        ({"subject": " "}, "text-empty"),
        ({"interval": 59}, "interval-invalid"),
        ({"interval": 10**9}, "interval-invalid"),
        (
            {
                "starts": dt.datetime(2026, 2, 1, tzinfo=dt.UTC),
                "ends": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            },
            "period-invalid",
        ),
    ],
)
def test_an_answer_that_cannot_be_sent_is_refused(
    company: Company, values: dict[str, Any], code: str
) -> None:
    with refused(code):
        company.answer("ann@a.example", **values)
    assert not queries.autoresponders(company.actor)
