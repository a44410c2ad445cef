"""What a node looks for on DNS lists."""

from __future__ import annotations

import datetime as dt

from mailstead.mailplane.node.listings import Listing, named, subjects
from mailstead.wire.pools import SendingAddress, SendingPlan

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def test_addresses_and_names_from_which_mail_leaves_are_looked_for_too() -> None:
    plan = SendingPlan(
        addresses=(
            SendingAddress(number=1, ipv4="192.0.2.1", helo="mx.example.net"),
            SendingAddress(number=2, ipv6="2001:db8::2", helo="out2.example.net"),
        )
    )
    assert subjects(["192.0.2.1", "mx.example.net"], plan) == [
        "192.0.2.1",
        "mx.example.net",
        "2001:db8::2",
        "out2.example.net",
    ]


def test_addresses_that_nobody_meets_on_the_internet_are_not() -> None:
    plan = SendingPlan(addresses=(SendingAddress(number=1, ipv4="127.0.0.9", helo=""),))
    assert subjects(["127.0.0.1", "::1", "", "mx.example.net"], plan) == ["mx.example.net"]


def test_an_address_is_named_by_itself_or_by_its_name() -> None:
    plan = SendingPlan(
        addresses=(
            SendingAddress(number=1, ipv4="192.0.2.1", ipv6="2001:db8::1", helo="out1.example"),
            SendingAddress(number=2, ipv4="192.0.2.2", helo="out2.example"),
            SendingAddress(number=3, ipv4="192.0.2.3", helo="out3.example"),
        )
    )
    found = [
        ("2001:db8::1", "bl"),
        ("192.0.2.1", "bl"),
        ("out2.example", "names"),
        ("9.9.9.9", "x"),
    ]
    listings = [
        Listing(subject=subject, zone=f"{zone}.example", answers=(), words="", since=NOW)
        for subject, zone in found
    ]
    assert named(plan, listings) == {1: "bl.example", 2: "names.example"}
