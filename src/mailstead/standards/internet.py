"""Which network addresses are those of the open internet (RFC 6890, and the wrappings of IPv4)."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""RFC 6052, RFC 8215: any IPv4 address may stand in one, a private one too."""
_SIX_TO_FOUR = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))
"""RFC 3056, RFC 4380: the same."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in (*_NAT64, *_SIX_TO_FOUR)):
            return False
        if address.scope_id or address.is_site_local:
            return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and not address.is_loopback
    )
