"""Knot's files from the model and from the zones; the only place that escapes for it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from mailstead.home import Home
from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.knot.model import KnotModel
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import ZonePut

USER = "knot"
REFRESH, RETRY, EXPIRE, NEGATIVE = 14400, 3600, 1209600, 3600
"""Of a zone's SOA, seconds (RFC 1912 §2.2): secondaries outlive two weeks without us."""


def config_file(home: Home) -> Path:
    """Where knot.conf of the instance is."""
    return home.knot / "knot.conf"


def zones_file(home: Home) -> Path:
    """Where the list of zones is, which knot.conf includes."""
    return home.knot / "zones.conf"


def zone_file(home: Home, name: str) -> Path:
    """Where the records of a zone are."""
    return home.knot / "zones" / f"{name}.zone"


def render(model: KnotModel) -> list[File]:
    """All files of this Knot that do not depend on its zones."""
    folder = model.home.knot
    listen = ", ".join(f"{_address(a)}@{model.port}" for a in model.addresses)
    others = ", ".join(_address(a) for a in model.secondaries)
    remote = (
        f"remote:\n  - id: secondaries\n    address: [ {others} ]\n"
        f"acl:\n  - id: secondaries\n    address: [ {others} ]\n    action: transfer\n"
        if others
        else ""
    )
    told = "    notify: secondaries\n    acl: secondaries\n" if others else ""
    text = f"""\
# Made by Mailstead from its settings; changes here are overwritten.
server:
    rundir: "{folder}/run"
    user: {USER}:{USER}
    listen: [ {listen} ]
    # Nothing about the program for who asks (id.server, version.server).
    identity: ""
    version: ""
log:
  - target: "{model.home.log}/knot.log"
    any: notice
database:
    storage: "{folder}/run"
mod-rrl:
  - id: default
    # Forged questions must not make this server a weapon: answers a second to one network.
    rate-limit: 200
    slip: 2
{remote}template:
  - id: default
    storage: "{folder}/zones"
    file: "%s.zone"
    # The file is the truth: it is written anew with each change, and never by Knot.
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
    global-module: mod-rrl/default
{told}include: "{zones_file(model.home)}"
"""
    return [File(config_file(model.home), text)]


def zone_list(names: Iterable[str]) -> str:
    """The zones as knot.conf includes them."""
    listed = "".join(f'  - domain: "{_name(name)}"\n' for name in sorted(names))
    return f"zone:\n{listed}" if listed else "# No zone.\n"


def zone_text(zone: ZonePut) -> str:
    """The records of a zone (RFC 1035 §5); raises `Refusal` (`zone-invalid`)."""
    origin = _name(zone.name)
    soa = (
        f"{_name(zone.primary)} {_name(zone.contact)} "
        f"{zone.serial} {REFRESH} {RETRY} {EXPIRE} {NEGATIVE}"
    )
    lines = [f"{origin} 3600 IN SOA {soa}"]
    for record in zone.records:
        if not f".{record.name}".endswith(f".{zone.name}"):
            # Knot leaves such a record out with a word in its log, and serves the rest.
            raise Refusal(
                "zone-invalid",
                "{name} does not lie in {zone}.",
                name=ascii(record.name),
                zone=ascii(zone.name),
            )
        lines.append(
            f"{_name(record.name)} {record.ttl} IN {record.type} {_data(record.type, record.value)}"
        )
    return "\n".join(lines) + "\n"


def _name(text: str) -> str:
    try:
        return dns.name.from_text(text).to_text()
    except (dns.exception.DNSException, UnicodeError) as error:
        raise Refusal("zone-invalid", "{name} is no name of the DNS.", name=ascii(text)) from error


def _data(kind: str, value: str) -> str:
    """What was read as such a record's data, written again: nothing else can stand in it."""
    try:
        data = dns.rdata.from_text(
            dns.rdataclass.IN,
            dns.rdatatype.from_text(kind),
            value,
            origin=dns.name.root,
            relativize=False,
        )
    except (dns.exception.DNSException, ValueError) as error:
        raise Refusal(
            "zone-invalid", "{value} is no {kind} record.", value=ascii(value), kind=kind
        ) from error
    return data.to_text()


def _address(text: str) -> str:
    """An address as Knot wants it."""
    return str(ipaddress.ip_address(text))
