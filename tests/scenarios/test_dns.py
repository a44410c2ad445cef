"""The DNS of a domain, looked at by the node itself: its resolver and the servers of the zone."""

from __future__ import annotations

import pytest
from lab.commands import wait_until
from tests.support.site import Site

pytestmark = pytest.mark.lab


def test_a_new_domain_is_looked_at_without_being_asked_for(site: Site) -> None:
    elsewhere, ours = site.name("elsewhere"), site.name("ours")
    site.lab.dns.mail_domain(elsewhere, "mx.far.example")
    site.publish(ours)
    for name in (elsewhere, ours):
        site.node.cli("domain", "add", name, "--customer", site.customer)

    def state(name: str) -> str | None:
        found: str | None = site.node.cli("domain", "show", name)["dns_state"]
        return found

    wait_until(lambda: state(elsewhere) == "bad", "the MX record of another host is seen")
    # There is neither its DKIM key nor DMARC.
    wait_until(lambda: state(ours) == "warn", "the MX record that leads here is seen")
