"""Whether a domain's mail hosts are known by DANE (RFC 7672), as the validating resolver says.

Only what is needed to choose between DANE and MTA-STS: how certificates and records are compared is
Postfix's own matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

MOST_HOSTS = 20
_SECONDS = 10.0


class Unknown(Exception):
    """The DNS did not tell, or what it told is forged: nothing may be sent now."""


@dataclass(frozen=True)
class _Answer:
    secure: bool
    """It was validated (RFC 4035 §3.2.3, AD)."""
    message: dns.message.Message

    def records(self, kind: dns.rdatatype.RdataType) -> list[Any]:
        """All records of a type, wherever an alias led."""
        return [one for rrset in self.message.answer if rrset.rdtype == kind for one in rrset]


@dataclass(frozen=True)
class Resolver:
    """The node's own resolver, which validates."""

    address: str = "127.0.0.1"
    port: int = 53

    async def has_dane(self, domain: str) -> bool:
        """Whether at least one of the domain's mail hosts has TLSA records that hold.

        Raises `Unknown`.
        """
        found = await self._ask(domain, "MX")
        if not found.secure:
            return False
        hosts = [str(one.exchange) for one in _by_preference(found)] or [domain]
        for host in hosts[:MOST_HOSTS]:
            if host != "." and await self._host_has_dane(host):
                return True
        return False

    async def _host_has_dane(self, host: str) -> bool:
        for kind in ("A", "AAAA"):
            # Some servers of unsigned zones fail at TLSA: the address tells whether the zone is
            # signed (RFC 7672 section 2.2.2).
            address = await self._ask(host, kind)
            if not address.secure:
                return False
            if address.message.answer:
                break
        names = dict.fromkeys([_canonical(address.message, host), host])
        for name in names:
            found = await self._ask(f"_25._tcp.{name}", "TLSA")
            if found.secure and any(map(_usable, found.records(dns.rdatatype.TLSA))):
                return True
        return False

    async def _ask(self, name: str, kind: str) -> _Answer:
        try:
            query = dns.message.make_query(
                dns.name.from_text(name), kind, use_edns=True, want_dnssec=True, payload=1232
            )
            answer, _ = await dns.asyncquery.udp_with_fallback(
                query, self.address, _SECONDS, self.port
            )
        except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
            raise Unknown(f"{kind} {name}: {type(error).__name__}") from error
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise Unknown(f"{kind} {name}: {dns.rcode.to_text(answer.rcode())}")
        return _Answer(bool(answer.flags & dns.flags.AD), answer)


def _by_preference(found: _Answer) -> list[Any]:
    return sorted(found.records(dns.rdatatype.MX), key=lambda one: one.preference)


def _canonical(message: dns.message.Message, host: str) -> str:
    """Where the aliases of a host's name end (RFC 7672 section 2.2.2)."""
    links = {
        str(rrset.name).lower(): str(rrset[0].target).lower()
        for rrset in message.answer
        if rrset.rdtype == dns.rdatatype.CNAME
    }
    name = f"{host.rstrip('.').lower()}."
    for _ in range(len(links)):
        name = links.get(name, name)
    return name


def _usable(record: Any) -> bool:
    """What a sender of mail can compare (RFC 7672 section 3.1): DANE-TA or DANE-EE."""
    usage, selector, kind = record.usage, record.selector, record.mtype
    return usage in (2, 3) and selector in (0, 1) and kind in (0, 1, 2)
