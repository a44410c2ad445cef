"""What a node looks for on DNS lists."""

from __future__ import annotations

from mailstead.mailplane.node.listings import subjects
from mailstead.wire.pools import SendingAddress, SendingPlan


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
