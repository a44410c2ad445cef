"""Every DNS host that is offered can be spoken to, and what stands in the way is told in words."""

from __future__ import annotations

import pytest
import requests

from mailstead.control.dns.hosts import HOSTS
from mailstead.control.dns.push import hand
from mailstead.control.dns.push.providers import PROVIDERS, Provider, offered, suggested
from mailstead.control.dns.push.records import Fault, Order, Told, said, written
from mailstead.control.dns.push.refusals import refusal_of

USUAL = {
    "host": "192.0.2.53",
    "port": "53",
    "endpoint": "ovh-eu",
    "scheme": "https",
    "key_algorithm": "hmac-sha256",
}


def order(one: Provider) -> Order:
    """As a form makes it."""
    given = {each.key: USUAL.get(each.key, "something") for each in one.credentials}
    return Order(one.key, given, "cars.example", near=False)


@pytest.mark.parametrize("one", offered(), ids=lambda one: one.key)
def test_a_hosts_library_takes_what_its_form_asks_for(one: Provider) -> None:
    made = hand._provider(order(one))
    assert {"A", "CNAME", "MX", "TXT"} <= made.SUPPORTS


def test_the_lock_file_brings_all_but_the_heavy_one() -> None:
    assert {one.key for one in PROVIDERS} - {one.key for one in offered()} <= {"route53"}


def test_each_is_suggested_where_the_zone_is() -> None:
    by_name = {host.name: host for host in HOSTS}
    for one in offered():
        if one.host:
            assert suggested(by_name[one.host]) == one
    assert suggested(None) is None


class GandiClientUnauthorized(Exception):
    """As the library's own."""


def _http(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError("https://host.example/?token=secret", response=response)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (_http(401), "credentials"),
        (_http(403), "credentials"),
        (_http(404), "zone-unknown"),
        (_http(500), "host-error"),
        (GandiClientUnauthorized(), "credentials"),
        (requests.ConnectTimeout(), "unreachable"),
        (ConnectionRefusedError(), "unreachable"),
        (hand.Blocked(), "blocked"),
        (ValueError("token=secret"), "host-error"),
    ],
)
def test_an_error_of_a_library_becomes_a_fault_without_its_words(
    error: Exception, fault: Fault
) -> None:
    found, detail = hand._fault_of(error)
    assert found == fault
    assert "secret" not in detail


def test_every_fault_has_words() -> None:
    for fault in Fault.__args__:  # type: ignore[attr-defined]
        for begun in (False, True):
            refusal = refusal_of(Told(fault, "detail", begun), PROVIDERS[0], "cars.example")
            assert refusal.words and refusal.remedy and "{" not in refusal.sentence


@pytest.mark.parametrize("text", ["", "a;b", 'say "x"', "back\\slash", "v=1; p=" + "A" * 600])
def test_a_text_is_written_and_read_without_loss(text: str) -> None:
    assert said("TXT", written("TXT", text)) == text
