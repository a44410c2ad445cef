"""Which addresses are open to the world, however a private one is wrapped."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from mailstead.standards.internet import is_public


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_open_internet(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        # 127.0.0.1 behind NAT64, 6to4 and Teredo.
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::1",
        "2001:0:7f00:1::1",
    ],
)
def test_addresses_that_only_we_can_reach(text: str) -> None:
    assert not is_public(ip_address(text))
