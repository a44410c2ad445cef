"""What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, as one house has."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

_NEAR4, _NEAR6 = 24, 48


@dataclass(frozen=True, slots=True)
class Client:
    """One who comes from the network."""

    key: str
    """The address, or the network of 64 bits as `2001:db8::/64`."""
    near: str
    """The wider network (/24, /48)."""


def client(address: str) -> Client | None:
    """The client at a network address; None: it is no address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    if found.version == 4:
        return Client(str(found), _network(found, _NEAR4))
    return Client(_network(found, 64), _network(found, _NEAR6))


def _network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, bits: int) -> str:
    return str(ipaddress.ip_network((address, bits), strict=False))
