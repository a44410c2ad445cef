"""Where a domain's DNS is kept, told by the names of its servers, and what the forms there want."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Root = Literal["@", "", "name"]
"""What stands for the domain itself: `@`, an empty field, or its whole name."""


@dataclass(frozen=True)
class DnsHost:
    """One of them and its form."""

    name: str
    servers: tuple[str, ...]
    """Ends, or parts between dots, of the names of its servers."""
    root: Root = "@"
    dotted: bool = False
    """Host names as values need their last dot, else the domain is appended to them."""
    quoted: bool = False
    """TXT values stand in quotation marks, each part at most 255 characters long."""
    proxies: bool = False
    """Offers to stand in front of what a record leads to, which breaks mail."""
    one_field: bool = False
    """The priority of an MX record is part of its value."""


HOSTS = (
    DnsHost("Cloudflare", ("ns.cloudflare.com",), proxies=True),
    DnsHost("GoDaddy", ("domaincontrol.com",)),
    DnsHost("Namecheap", ("registrar-servers.com",)),
    DnsHost("Amazon Route 53", ("awsdns-",), root="", quoted=True, one_field=True),
    DnsHost("Hetzner", ("ns.hetzner.com", "ns.hetzner.de", "first-ns.de"), dotted=True),
    DnsHost("IONOS", ("ui-dns.com", "ui-dns.de", "ui-dns.org", "ui-dns.biz")),
    DnsHost("Gandi", ("gandi.net",), dotted=True),
    DnsHost("OVHcloud", ("ovh.net", "ovh.ca"), root="", dotted=True),
    DnsHost("Porkbun", ("ns.porkbun.com",), root=""),
    DnsHost("DigitalOcean", ("digitalocean.com",), dotted=True),
    DnsHost("deSEC", ("desec.io", "desec.org"), dotted=True),
)
"""Adding one is adding a line."""


def host_of(servers: Sequence[str]) -> DnsHost | None:
    """Whose servers these are; None where it is nobody known, or several."""
    found = {host for host in HOSTS for server in servers if _is_of(server, host)}
    return found.pop() if len(found) == 1 else None


def _is_of(server: str, host: DnsHost) -> bool:
    name = server.lower().rstrip(".")
    return any(
        name.endswith(f".{part}") or (part.endswith("-") and f".{part}" in name)
        for part in host.servers
    )


def name_in_form(name: str, zone: str, host: DnsHost | None) -> str:
    """What is typed as the name of a record: without the zone, which forms append by themselves."""
    if not zone or not f".{name}".endswith(f".{zone}"):
        return name
    relative = name.removesuffix(zone).rstrip(".")
    root = host.root if host else "@"
    return relative or (name if root == "name" else root)


def value_in_form(kind: str, value: str, host: DnsHost | None) -> str:
    """What is typed as the value of a record, the priority of an MX record aside."""
    if kind != "MX":
        return value
    preference, _, target = value.partition(" ")
    if host is not None and host.one_field:
        return f"{preference} {target}"
    return target if host is not None and host.dotted else target.rstrip(".")
