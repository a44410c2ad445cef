"""DNS hosts by the names of their servers, and what their forms want."""

from __future__ import annotations

import pytest

from mailstead.control.dns.hosts import HOSTS, host_of, name_in_form, value_in_form
from mailstead.control.dns.words import hints


@pytest.mark.parametrize(
    ("servers", "name"),
    [
        (["ada.ns.cloudflare.com.", "bob.NS.cloudflare.com"], "Cloudflare"),
        (["ns-2.awsdns-00.com", "ns-1024.awsdns-17.org"], "Amazon Route 53"),
        (["helium.ns.hetzner.de", "hydrogen.ns.hetzner.com"], "Hetzner"),
        (["ns1.digitalocean.com"], "DigitalOcean"),
        (["ns1.cars.example"], None),
        (["evilcloudflare.com"], None),
        (["ada.ns.cloudflare.com", "ns1.gandi.net"], None),
        ([], None),
    ],
)
def test_a_host_is_known_by_its_servers(servers: list[str], name: str | None) -> None:
    host = host_of(servers)
    assert (host.name if host else None) == name


def test_names_and_values_are_shown_as_the_form_wants_them() -> None:
    cloudflare = host_of(["ada.ns.cloudflare.com"])
    amazon = host_of(["ns-2.awsdns-00.com"])
    gandi = host_of(["ns-1-a.gandi.net"])
    assert name_in_form("_dmarc.cars.example", "cars.example", cloudflare) == "_dmarc"
    assert name_in_form("cars.example", "cars.example", cloudflare) == "@"
    assert name_in_form("cars.example", "cars.example", amazon) == ""
    assert name_in_form("mail.cars.example", "cars.example", None) == "mail"
    assert name_in_form("cars.example", "", None) == "cars.example"
    assert name_in_form("cars.example", "s.example", None) == "cars.example"
    assert value_in_form("MX", "10 node1.example.", cloudflare) == "node1.example"
    assert value_in_form("MX", "10 node1.example.", gandi) == "node1.example."
    assert value_in_form("MX", "10 node1.example.", amazon) == "10 node1.example."
    assert value_in_form("TXT", "v=DMARC1; p=none", gandi) == "v=DMARC1; p=none"


def test_every_host_has_its_hints() -> None:
    for host in HOSTS:
        assert hints(host)
    assert any("grey cloud" in hint for hint in hints(host_of(["ada.ns.cloudflare.com"])))
    assert any("@" in hint for hint in hints(None))
