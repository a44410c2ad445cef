"""Addresses are normalised once and hostile ones never get in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.standards.address import (
    Address,
    destination_address,
    forwarder_address,
    mailbox_address,
    normalise_domain,
)
from mailstead.standards.refusal import Refusal


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("Ann@Example.ORG", Address("ann", "example.org")),
        (" ann@example.org. ", Address("ann", "example.org")),
        ("a.b-c_d@example.org", Address("a.b-c_d", "example.org")),
        ("ann@bücher.example", Address("ann", "xn--bcher-kva.example")),
        ("ann@BÜCHER.example", Address("ann", "xn--bcher-kva.example")),
    ],
)
def test_mailbox_addresses_are_normalised(given_text: str, expected: Address) -> None:
    assert mailbox_address(given_text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ann",
        "@example.org",
        "ann@",
        "ann@example",
        "ann@example..org",
        "ann@-example.org",
        "ann@127.0.0.1",
        "ann@[127.0.0.1]",
        "a nn@example.org",
        "ann\n@example.org",
        "ann@example.org\n",
        "ann\x00@example.org",
        'ann"@example.org',
        "ann%d@example.org",
        "../ann@example.org",
        "ann/x@example.org",
        "ann@../example.org",
        ".ann@example.org",
        "ann.@example.org",
        "an..n@example.org",
        "-ann@example.org",
        "ann+tag@example.org",
        "#ann@example.org",
        "a" * 65 + "@example.org",
        "ann@" + "a" * 64 + ".org",
        "ann@" + ".".join(["abcdefgh"] * 30) + ".org",
        "аnn@example.org",
        "ann@example.org\u2028",
    ],
)
def test_hostile_mailbox_addresses_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        mailbox_address(text)
    assert caught.value.words.endswith(".")
    assert caught.value.words.isprintable()


def test_forwarders_may_have_more_characters_than_mailboxes() -> None:
    assert forwarder_address("O'Neill+x=y@example.org") == Address("o'neill+x=y", "example.org")
    for text in ("#a@example.org", '"a b"@example.org', "a|b@example.org", "a/b@example.org"):
        with pytest.raises(Refusal):
            forwarder_address(text)


def test_destinations_keep_the_case_of_the_local_part() -> None:
    assert str(destination_address("John.Doe@Example.ORG")) == "John.Doe@example.org"


@given(st.text(max_size=80))
def test_whatever_is_accepted_is_plain_and_stable(text: str) -> None:
    for parse in (mailbox_address, forwarder_address, destination_address):
        try:
            address = parse(text)
        except Refusal:
            continue
        assert str(address).isascii()
        assert str(address).isprintable()
        assert not set(str(address)) & set(' \t\r\n\0"\\,:;<>()[]')
        assert parse(str(address)) == address


@given(st.text(max_size=60))
def test_accepted_domains_are_lower_case_labels(text: str) -> None:
    try:
        name = normalise_domain(text)
    except Refusal:
        return
    assert name == name.lower()
    assert normalise_domain(name) == name
    assert all(0 < len(label) <= 63 for label in name.split("."))
