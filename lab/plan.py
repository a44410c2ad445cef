"""Which names and addresses lab number N has: fixed by the number, so that labs never overlap.

The ranges are the ones set aside for tests between machines: 198.18.0.0/15 (RFC 2544 section
C.2.2) and 2001:2::/48 (RFC 5180 section 8). Unlike 10.0.0.0/8 they are not "local" to spam
filters and mail servers, which therefore treat a lab host as a stranger, as they should.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

LABS = 32
"""How many labs fit beside each other on one machine."""

_ALL4 = IPv4Network("198.18.0.0/15")
_ALL6 = IPv6Network("2001:2::/48")

OUTSIDE, DNS, FAR, CLIENTS, FIRST_NODE = 1, 2, 3, 4, 10
"""Host numbers: the root namespace, the DNS host, the foreign mail host, the clients, the nodes."""


@dataclass(frozen=True)
class Host:
    """A host of a lab: its short name and its address in each family."""

    name: str
    v4: IPv4Address
    v6: IPv6Address


@dataclass(frozen=True)
class Plan:
    """Names and addresses of one lab."""

    number: int

    def __post_init__(self) -> None:
        if not 0 <= self.number < LABS:
            raise ValueError(f"a lab's number is from 0 to {LABS - 1}, not {self.number}")

    @property
    def bridge(self) -> str:
        """The bridge in the root namespace; its name starts every name of this lab."""
        return f"msl{self.number}"

    def namespace(self, host: str) -> str:
        """The network namespace of a host."""
        return f"{self.bridge}-{host}"

    def link(self, host: str) -> str:
        """The host's end on the bridge; at most 15 octets (linux/if.h, IFNAMSIZ)."""
        return f"{self.bridge}-{host}"[:15]

    @property
    def network4(self) -> IPv4Network:
        """The /24 in which all hosts are."""
        return IPv4Network((int(_ALL4.network_address) + self.number * 4096, 24))

    @property
    def clients4(self) -> IPv4Network:
        """The /21 of addresses from which clients may connect: 2,048 of them."""
        return IPv4Network((int(_ALL4.network_address) + self.number * 4096 + 2048, 21))

    @property
    def network6(self) -> IPv6Network:
        """The /64 in which all hosts are."""
        return IPv6Network((int(_ALL6.network_address) + (self.number << 64), 64))

    @property
    def clients6(self) -> IPv6Network:
        """The /64 of addresses from which clients may connect."""
        return IPv6Network((int(_ALL6.network_address) + ((0x100 + self.number) << 64), 64))

    def host(self, name: str, number: int) -> Host:
        """The host with this name and host number."""
        return Host(name, self.network4[number], self.network6[number])

    @property
    def outside(self) -> Host:
        """The root namespace's own address on the bridge: from here tests connect."""
        return self.host("outside", OUTSIDE)

    @property
    def dns(self) -> Host:
        return self.host("dns", DNS)

    @property
    def far(self) -> Host:
        return self.host("far", FAR)

    @property
    def clients(self) -> Host:
        return self.host("clients", CLIENTS)
