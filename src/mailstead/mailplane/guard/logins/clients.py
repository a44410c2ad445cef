"""Who is never kept out: this machine, and the networks that the company trusts."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

OWN = ("127.0.0.1/32", "::1/128")
"""This machine: webmail, the panel. Blocking it would lock out everybody."""


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
