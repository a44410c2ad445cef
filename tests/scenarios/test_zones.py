"""A zone that is still served here: the world asks the node for it, until it asks elsewhere."""

from __future__ import annotations

import dns.message
import dns.query
import dns.rcode
import pytest
from lab.commands import wait_until
from tests.support.site import Site

pytestmark = pytest.mark.lab


def zone_file(name: str, server: str) -> str:
    """As another host would export it."""
    return (
        f"$ORIGIN {name}.\n"
        f"@ 3600 IN SOA {server}. hostmaster.{server}. 1 3600 600 604800 300\n"
        f"@ 3600 IN NS {server}.\n"
        f"@ 3600 IN MX 10 {server}.\n"
        "www 60 IN A 198.18.0.80\n"
    )


def test_a_zone_comes_is_asked_for_and_moves_away(site: Site) -> None:
    name, node = site.name("zone"), site.node

    def ask(kind: str, label: str = "", address: str = node.address) -> list[str]:
        question = dns.message.make_query(f"{label}{name}", kind)
        answer = dns.query.udp(question, address, timeout=5)
        return [item.to_text() for rrset in answer.answer for item in rrset]

    def state() -> str:
        rows = node.cli("zone", "check")["items"]
        return str(next(row["delegation"] for row in rows if row["name"] == name))

    assert ask("MX") == []
    node.cli(
        *("zone", "import", name, "-", "--customer", site.customer),
        stdin=zone_file(name, node.hostname),
    )
    wait_until(lambda: ask("MX") == [f"10 {node.hostname}."], "the node answers for the zone")
    assert ask("A", "www.") == ["198.18.0.80"]
    assert state() == "nowhere"
    # The registry names our server: the world comes here.
    site.lab.dns.set(name, "NS", f"{node.hostname}.")
    assert state() == "here"
    assert "still names our servers" in node.refused("zone", "remove", name)
    exported = node.run("zone", "show", name).stdout
    assert f"{name}. 3600 IN MX 10 {node.hostname}." in exported
    site.lab.dns.set(name, "NS", "ns.far.example.")
    assert state() == "elsewhere"
    node.cli("zone", "remove", name)
    wait_until(lambda: ask("MX") == [], "the node answers for it no more")
    question = dns.message.make_query(name, "MX")
    assert dns.query.udp(question, node.address, timeout=5).rcode() == dns.rcode.REFUSED
