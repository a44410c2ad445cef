"""The lab's zones as text: a root, the domains in it and the reverse trees, on one server."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

import dns.name
import dns.reversename

from lab.plan import Host, Plan

TTL = 2
"""Seconds for which answers may be kept: short, so that a test sees what it has just changed."""

ROOT_SERVER = "a.root.lab."
TOP = ("example.", "test.", "org.")
"""Top-level domains, zones of their own. RFC 2606 keeps the first two out of the real internet;
the last one is for what needs a name that the public suffix list knows."""

SIGNED = (".", "example.")
"""The zones of a signed lab that are; the root first."""

REVERSE = ("18.198.in-addr.arpa.", "19.198.in-addr.arpa.", "2.0.0.0.1.0.0.2.ip6.arpa.")


def zone_names() -> list[str]:
    """The zones that exist from the start."""
    return [".", *TOP, *REVERSE]


def zone(name: str, server: Host) -> str:
    """An empty zone: its SOA and its name server, in the root also the delegations."""
    lines = [
        f"{name} {TTL} SOA {ROOT_SERVER} hostmaster.root.lab. 1 60 30 3600 1",
        f"{name} {TTL} NS {ROOT_SERVER}",
    ]
    if name == ".":
        lines += [
            f"{ROOT_SERVER} {TTL} A {server.v4}",
            f"{ROOT_SERVER} {TTL} AAAA {server.v6}",
            *(f"{child} {TTL} NS {ROOT_SERVER}" for child in (*TOP, *REVERSE)),
        ]
    return "\n".join(lines) + "\n"


def hints(plan: Plan) -> str:
    """The root hints of a resolver that lives in this lab."""
    return (
        f". 3600 NS {ROOT_SERVER}\n"
        f"{ROOT_SERVER} 3600 A {plan.dns.v4}\n"
        f"{ROOT_SERVER} 3600 AAAA {plan.dns.v6}\n"
    )


def enclosing(name: str, zones: Iterable[str]) -> str:
    """The zone, of those that exist, in which a name's records are."""
    wanted = dns.name.from_text(name)
    inside = [zone for zone in zones if wanted.is_subdomain(dns.name.from_text(zone))]
    return max(inside, key=lambda zone: len(dns.name.from_text(zone)))


def reverse_name(address: str) -> str:
    """The name of an address in its reverse tree."""
    return dns.reversename.from_address(str(ip_address(address))).to_text()
