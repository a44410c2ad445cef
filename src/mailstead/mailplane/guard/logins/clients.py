"""What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, as one house has."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

OWN = ("127.0.0.1/32", "::1/128")
"""This machine: webmail, the panel. Blocking it would lock out everybody."""
_NEAR4, _NEAR6 = 24, 48


@dataclass(frozen=True, slots=True)
class Client:
    """One who comes from the network."""

    key: str
    """The address, or the network of 64 bits as `2001:db8::/64`."""
    near: str
    """The wider network (/24, /48); only ever speaks for somebody."""


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


class Trusted:
    """Networks that are never kept out."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """Raises `ValueError` for what is no address or network."""
        self._networks = [ipaddress.ip_network(text, strict=False) for text in (*OWN, *networks)]

    def __contains__(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self._networks)
