"""A zone's records as values: what the panel and the process that reads a zone tell each other."""

from __future__ import annotations

from typing import Literal

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import msgspec
from dns.rdtypes.ANY.TXT import TXT

from mailstead.control.dns.lookup import text_of

Fault = Literal[
    "credentials",
    "zone-unknown",
    "zone-large",
    "zone-changed",
    "unreachable",
    "blocked",
    "not-supported",
    "plan-differs",
    "host-error",
    "silent",
]
"""What stood in the way, for `words.refusal_of`; `silent`: no answer in the time there is."""

_LONGEST = 255
"""Octets of one part of a text (RFC 1035 §3.3)."""


class Rrset(msgspec.Struct, frozen=True):
    """All records of one name and type (RFC 2181 §5)."""

    name: str
    """In lower case, without the last dot."""
    type: str
    ttl: int
    """Seconds."""
    values: tuple[str, ...]
    """In presentation format (RFC 1035 §5.1); none: the records are to go, or are of a kind that
    only this DNS host has."""
    mark: str = ""
    """What the host says of them, its own settings included, as one digest."""

    @property
    def key(self) -> str:
        """By which it is found in a zone."""
        return f"{self.name} {self.type}"


class Order(msgspec.Struct, frozen=True):
    """What is to be done in a zone."""

    provider: str
    credentials: dict[str, str]
    zone: str
    near: bool
    """Whether the host may stand in a private network."""
    changes: tuple[Rrset, ...] = ()
    """Each as it is to be afterwards; none: the zone is only read."""
    marks: dict[str, str] = {}
    """`Rrset.mark` by `key` of the zone for which the changes were planned."""


class Told(msgspec.Struct, frozen=True):
    """What came of it."""

    fault: Fault | Literal[""] = ""
    detail: str = ""
    """Of the fault: names that have changed, a status. Never a secret."""
    begun: bool = False
    """Whether the fault came after the first change was sent."""
    records: tuple[Rrset, ...] = ()
    """The zone, as it was read last."""


def said(kind: str, value: str) -> str:
    """A value as a look-up says it (`lookup.text_of`): the text of TXT, the host in lower case."""
    try:
        record = dns.rdata.from_text(
            dns.rdataclass.IN, dns.rdatatype.from_text(kind), value, relativize=False
        )
    except (dns.exception.DNSException, ValueError):
        return value
    return text_of(kind, record)


def written(kind: str, text: str) -> str:
    """The same the other way: as it stands in a zone file."""
    if kind != "TXT":
        return text
    octets = text.encode()
    parts = [octets[at : at + _LONGEST] for at in range(0, len(octets), _LONGEST)] or [b""]
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, parts).to_text()
