"""Zone files and single records (RFC 1035 §5): read, judged, written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.zone

from mailstead.standards.refusal import Refusal

TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT")
LARGEST = 1_000_000
"""Characters of a zone file."""
MOST = 2000
"""Records of a zone."""
_TTLS = (60, 604_800)
_GENERATE = "$generate"
_NAME = re.compile(r"(\*|[a-z0-9_-]+)(\.[a-z0-9_-]+)*")


@dataclass(frozen=True)
class Record:
    """One record, its name whole and without the last dot."""

    name: str
    type: str
    ttl: int
    value: str


@dataclass(frozen=True)
class Read:
    """A zone file."""

    name: str
    primary: str
    contact: str
    serial: int
    records: tuple[Record, ...]
    left_out: tuple[str, ...]
    """Records of types that are not served here, in words."""


def read(name: str, text: str) -> Read:
    """A zone file; raises `Refusal` (`zone-file-invalid`) with the line."""
    if len(text) > LARGEST or _GENERATE in text.lower():
        raise Refusal(
            "zone-file-large",
            "The zone file is too large, or makes records by $GENERATE.",
            remedy="Give one with its records written out.",
        )
    try:
        found = dns.zone.from_text(
            text, origin=f"{name}.", relativize=False, check_origin=True, allow_include=False
        )
    except (dns.exception.DNSException, ValueError, UnicodeError) as error:
        raise Refusal(
            "zone-file-invalid",
            "This is no zone file of {name}: {fault}",
            remedy="Export it again where it comes from.",
            name=name,
            fault=" ".join(str(error).split())[:200],
        ) from error
    records: list[Record] = []
    left: list[str] = []
    soa: Any = None
    for owner, ttl, data in found.iterate_rdatas():
        kind = dns.rdatatype.to_text(data.rdtype)
        where = owner.to_text(omit_final_dot=True).lower()
        if kind == "SOA":
            soa = data
        elif kind not in TYPES:
            left.append(f"{where} {kind}")
        else:
            ttl = min(max(ttl, _TTLS[0]), _TTLS[1])
            records.append(Record(where, kind, ttl, data.to_text()))
    judge_all(name, records)
    return Read(
        name,
        soa.mname.to_text(omit_final_dot=True).lower(),
        soa.rname.to_text(omit_final_dot=True).lower(),
        soa.serial,
        tuple(sorted(records, key=_order)),
        tuple(left),
    )


def _order(one: Record) -> tuple[object, ...]:
    return one.name.split(".")[::-1], one.type, one.value


def record(zone: str, name: str, kind: str, ttl: int, value: str) -> Record:
    """A record as a person has typed it; raises `Refusal` with what is wrong about it.

    `name` may be `@`, relative to the zone, or whole; host names in the value that have no dot at
    the end are whole too.
    """
    if kind not in TYPES:
        raise Refusal(
            "record-type",
            "Records of the type {kind} are not served here.",
            remedy="Use one of {kinds}.",
            kind=ascii(kind)[1:-1],
            kinds=", ".join(TYPES),
        )
    if not _TTLS[0] <= ttl <= _TTLS[1]:
        raise Refusal(
            "record-ttl",
            "A time to live is from {least} seconds to {most}.",
            least=_TTLS[0],
            most=_TTLS[1],
        )
    return Record(_owner(zone, name), kind, ttl, _value(kind, value))


def _owner(zone: str, name: str) -> str:
    bare = name.strip().lower().rstrip(".")
    if bare in ("", "@"):
        return zone
    if not _NAME.fullmatch(bare):
        raise _no_name(name)
    whole = bare if f".{bare}".endswith(f".{zone}") else f"{bare}.{zone}"
    try:
        return dns.name.from_text(whole).to_text(omit_final_dot=True).lower()
    except (dns.exception.DNSException, UnicodeError) as error:
        raise _no_name(name) from error


def _no_name(name: str) -> Refusal:
    return Refusal(
        "record-name",
        "{name} cannot be a name in this zone.",
        remedy="Give letters, digits, hyphens and underscores, with dots between the parts.",
        name=ascii(name[:80])[1:-1],
    )


def _value(kind: str, value: str) -> str:
    clean = value.strip()
    if kind == "TXT" and not clean.startswith('"'):
        octets = clean.encode()
        parts = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
        quoted = (part.replace(b"\\", b"\\\\").replace(b'"', b'\\"') for part in parts)
        clean = " ".join(f'"{part.decode("latin-1")}"' for part in quoted)
    try:
        if any(not c.isprintable() for c in clean):
            raise ValueError
        data = dns.rdata.from_text(
            dns.rdataclass.IN,
            dns.rdatatype.from_text(kind),
            clean,
            origin=dns.name.root,
            relativize=False,
        )
    except (dns.exception.DNSException, ValueError, UnicodeError) as error:
        raise Refusal(
            "record-value",
            "This is no value of a record of the type {kind}.",
            remedy="Write it as for example: {example}",
            kind=kind,
            example=EXAMPLES[kind],
        ) from error
    return data.to_text()


EXAMPLES = {
    "A": "192.0.2.80",
    "AAAA": "2001:db8::80",
    "CAA": '0 issue "letsencrypt.org"',
    "CNAME": "www.example.org.",
    "MX": "10 mail.example.org.",
    "NS": "ns1.example.org.",
    "SRV": "10 20 993 mail.example.org.",
    "TXT": "v=spf1 mx ~all",
}


def judge_all(zone: str, records: Sequence[Record]) -> None:
    """Raise `Refusal` for records that no server would take together."""
    if len(records) > MOST:
        raise Refusal("zone-full", "A zone has at most {most} records.", most=MOST)
    seen: set[tuple[str, str, str]] = set()
    kinds: dict[str, set[str]] = {}
    ttls: dict[tuple[str, str], int] = {}
    aliases: set[str] = set()
    for one in records:
        if (one.name, one.type, one.value) in seen:
            raise Refusal("record-twice", "This record is there already.")
        seen.add((one.name, one.type, one.value))
        kinds.setdefault(one.name, set()).add(one.type)
        # RFC 2181 §5.2: those of one name and type live equally long.
        if ttls.setdefault((one.name, one.type), one.ttl) != one.ttl:
            raise Refusal(
                "record-ttl-differs",
                "Records of one name and type have the same time to live.",
                remedy="Give {ttl} seconds, or change the others first.",
                ttl=ttls[one.name, one.type],
            )
        if one.type == "CNAME" and (one.name in aliases or one.name == zone):
            raise _alias_alone(one.name)
        if one.type == "CNAME":
            aliases.add(one.name)
    for name in aliases:
        if kinds[name] != {"CNAME"}:
            # RFC 1034 §3.6.2
            raise _alias_alone(name)
    if "NS" not in kinds.get(zone, ()):
        raise Refusal(
            "zone-without-servers",
            "The zone needs an NS record at its own name.",
            remedy="Keep those of the servers that answer for it.",
        )


def _alias_alone(name: str) -> Refusal:
    return Refusal(
        "alias-not-alone",
        "At {name} a CNAME record can only stand alone, and not at the zone's own name.",
        remedy="Remove the other records there first.",
        name=name,
    )


def write(name: str, primary: str, contact: str, serial: int, records: Sequence[Record]) -> str:
    """A zone file that any other DNS host reads."""
    lines = [
        f"$ORIGIN {name}.",
        f"{name}. 3600 IN SOA {primary}. {contact}. {serial} 14400 3600 1209600 3600",
    ]
    ordered = sorted(records, key=_order)
    lines += [f"{one.name}. {one.ttl} IN {one.type} {one.value}" for one in ordered]
    return "\n".join(lines) + "\n"
