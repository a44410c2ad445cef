"""Receivers are told by their domains and by the names of their servers."""

from __future__ import annotations

import pytest

from mailstead.standards.mail_hosts import by_domain, by_server


def test_large_receivers_are_known_by_domain() -> None:
    assert by_domain("gmail.com") == by_domain("googlemail.com") == "google"
    assert by_domain("hotmail.co.uk") == "microsoft"
    assert by_domain("example.org") == ""


@pytest.mark.parametrize(
    ("host", "receiver"),
    [
        ("gmail-smtp-in.l.google.com", "google"),
        ("aspmx2.googlemail.com", "google"),
        ("example-org.mail.protection.outlook.com", "microsoft"),
        ("mta7.am0.yahoodns.net", "yahoo"),
        ("MX.Far.Example.", "far.example"),
        ("mx1.hoster.co.uk", "hoster.co.uk"),
        ("notgoogle.com", "notgoogle.com"),
        ("192.0.2.1", ""),
        ("2001:db8::1", ""),
        ("localhost", ""),
        ("", ""),
    ],
)
def test_a_servers_name_tells_whose_it_is(host: str, receiver: str) -> None:
    assert by_server(host) == receiver
