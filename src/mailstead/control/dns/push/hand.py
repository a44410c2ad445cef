"""The hand that reads and changes a customer's zone at a DNS host, in a process of its own.

Purpose: one order on standard input, one answer on standard output, then the end, and with it the
end of every secret in the order.
Why a process: the hosts' libraries wait for as long as their host likes, and log what they like. A
process can be ended at a deadline, may use so much memory and no more, and has no log.
Security: unless the order says otherwise, every connection to an address that is not public is
refused where it is made, whatever a name resolved to before (`_only_public`).
Diagnostics: an answer with a `fault`; its detail is the name of an error and a status, never the
host's own words, in which a token could stand.
Files: none.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import logging
import resource
import sys
from importlib import import_module
from types import TracebackType
from typing import Any

import msgspec

from mailstead.control.dns.push.records import Fault, Order, Rrset, Told

MOST = 5000
"""Record sets of a zone; larger ones are no customer's."""
_MEMORY = 2**30
"""Bytes of address space."""
_SECONDS = 30
"""Of a processor."""
_PATIENCE = 8
"""Seconds for one request, where the library can be told."""
_begun: list[bool] = []
"""Not empty: the first change is on its way."""
_WORDS: tuple[tuple[str, Fault], ...] = (
    ("timeout", "unreachable"),
    ("connection", "unreachable"),
    ("gaierror", "unreachable"),
    ("unauthorized", "credentials"),
    ("forbidden", "credentials"),
    ("authentication", "credentials"),
    ("invalidcredential", "credentials"),
    ("peererror", "credentials"),
    ("peerbad", "credentials"),
    ("badsignature", "credentials"),
    ("transferfailed", "credentials"),
    ("updatefailed", "credentials"),
    ("notfound", "zone-unknown"),
    ("unknowndomain", "zone-unknown"),
    ("supports", "not-supported"),
)
"""Parts of the names of the libraries' errors, and of their causes'."""


class Stop(Exception):
    """A fault that was found here."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(fault)
        self.fault: Fault = fault
        self.detail = detail


class Blocked(Exception):
    """A connection to an address that is not public."""


def main() -> None:
    """Do the order on standard input."""
    sys.excepthook = _tell_fault
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    logging.disable(logging.CRITICAL)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    if not order.near:
        sys.addaudithook(_only_public)
    _tell(Told(records=read(order) if not order.changes else apply(order)))


def read(order: Order) -> tuple[Rrset, ...]:
    """The zone as it is."""
    return _sets(_zone(order), order)


def apply(order: Order) -> tuple[Rrset, ...]:
    """Make the changes if the zone is the one they were planned for; the zone as it is then."""
    from octodns.record import Record
    from octodns.record.rr import Rrset as Carrier

    existing = _zone(order)
    now = {one.key: one.mark for one in _sets(existing, order)}
    differing = sorted(
        key for key in {**now, **order.marks} if now.get(key) != order.marks.get(key)
    )
    if differing:
        raise Stop("zone-changed", ", ".join(differing[:5]))
    desired = existing.copy()
    for one in order.changes:
        _remove(desired, one)
        if one.values:
            carrier = Carrier(f"{one.name}.", one.type, one.ttl, list(one.values))
            desired.add_record(Record.from_rrset(desired, carrier, lenient=True), lenient=True)
    provider = _provider(order)
    plan = provider.plan(desired)
    if plan is not None:
        _require_safe(plan, order)
        _begun.append(True)
        provider.apply(plan)
    return _sets(_zone(order), order)


def _remove(zone: Any, one: Rrset) -> None:
    for record in [r for r in zone.records if (_bare(r.fqdn), r._type) == (one.name, one.type)]:
        zone.remove_record(record)


def _require_safe(plan: Any, order: Order) -> None:
    """Nothing but what was shown, and never the zone's own servers."""
    from octodns.provider.plan import UnsafePlan

    shown = {one.key for one in order.changes}
    planned = {f"{_bare(c.record.fqdn)} {c.record._type}" for c in plan.changes}
    if not planned <= shown or plan.meta:
        raise Stop("plan-differs", ", ".join(sorted(planned - shown)[:5]))
    # How many are changed was shown and asked, in a small zone they are quickly many.
    plan.update_pcent_threshold = 1.0
    try:
        plan.raise_if_unsafe()
    except UnsafePlan as error:
        raise Stop("plan-differs", type(error).__name__) from error


def _zone(order: Order) -> Any:
    from octodns.zone import Zone

    zone = Zone(f"{order.zone}.", [])
    # As its own plan reads it: what the host does not take part in is left aside.
    if _provider(order).populate(zone, target=True, lenient=True) is False:
        raise Stop("zone-unknown")
    if len(zone.records) > MOST:
        raise Stop("zone-large")
    if not zone.records:
        raise Stop("zone-unknown")
    return zone


def _sets(zone: Any, order: Order) -> tuple[Rrset, ...]:
    found = (_set(record, order.provider) for record in zone.records)
    return tuple(sorted(found, key=lambda one: one.key))


def _set(record: Any, provider: str) -> Rrset:
    from octodns.record.exception import RecordException

    try:
        # The library's own kinds of `str` are not encoded.
        values = tuple(f"{value}" for value in record.to_rrset().rdatas)
    except (RecordException, AttributeError, NotImplementedError, ValueError):
        values = ()
    if record._type == "TXT" and provider == "powerdns":
        # Its library takes the border between two parts of a text for text.
        values = tuple(value.replace('\\" \\"', "") for value in values)
    facts = json.dumps([record.data, record.octodns], sort_keys=True, default=str)
    mark = hashlib.sha256(facts.encode()).hexdigest()[:16]
    return Rrset(_bare(record.fqdn), f"{record._type}", int(record.ttl), values, mark)


def _bare(name: str) -> str:
    return f"{name}".rstrip(".").lower()


# Making a host's hand


def _provider(order: Order) -> Any:
    """A new one each time: what one of them has read it remembers."""
    package, name, options = _options(order.provider, order.credentials)
    return getattr(import_module(package), name)("push", **options)


def _options(key: str, given: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    token = given.get("token", "")
    if key == "cloudflare":
        # Page rules are not records; waiting for a limit to pass is for a person to decide.
        options = {"token": token, "pagerules": False, "retry_count": 0, "timeout": _PATIENCE}
        return "octodns_cloudflare", "CloudflareProvider", options
    if key == "hetzner":
        # The zones of its former DNS console have moved there.
        return "octodns_hetzner", "HetznerProvider", {"token": token, "backend": "hcloud"}
    if key == "digitalocean":
        return "octodns_digitalocean", "DigitalOceanProvider", {"token": token}
    if key == "gandi":
        return "octodns_gandi", "GandiProvider", {"token": token}
    if key == "ovh":
        return "octodns_ovh", "OvhProvider", dict(given)
    if key == "desec":
        options = {"token": token, "retries": 1, "timeout": _PATIENCE, "max_sleep": _PATIENCE}
        return "octodns_desec", "DesecProvider", options
    if key == "route53":
        return "octodns_route53", "Route53Provider", dict(given)
    if key == "powerdns":
        options = {**given, "port": int(given["port"]), "timeout": _PATIENCE}
        return "octodns_powerdns", "PowerDnsProvider", {**options, "enable_dynamic": False}
    if key == "rfc2136":
        options = {**given, "port": int(given["port"]), "timeout": _PATIENCE}
        return "octodns_bind", "Rfc2136Provider", options
    raise Stop("not-supported")


# Its border


def _only_public(event: str, values: tuple[Any, ...]) -> None:
    """An audit hook (PEP 578): it sees each connection where it is made."""
    if event not in ("socket.connect", "socket.sendto"):
        return
    address = values[1]
    try:
        public = ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global
    except (ValueError, TypeError, IndexError):
        public = False
    if not public:
        raise Blocked


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told))
    sys.stdout.buffer.flush()


def _tell_fault(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """The place of a trace, which could show a token."""
    begun = bool(_begun)
    if isinstance(error, Stop):
        _tell(Told(error.fault, error.detail, begun))
        return
    fault, detail = _fault_of(error)
    _tell(Told(fault, detail, begun))


def _fault_of(error: BaseException) -> tuple[Fault, str]:
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and len(chain) < 8:
        chain.append(at)
        at = at.__cause__ or at.__context__
    if any(isinstance(one, Blocked) for one in chain):
        return "blocked", ""
    status = next((s for s in map(_status, chain) if s), 0)
    detail = f"{type(error).__name__} {status}" if status else type(error).__name__
    if status in (401, 403):
        return "credentials", detail
    if status == 404:
        return "zone-unknown", detail
    if str(error).startswith("PowerDNS unauthorized"):
        return "credentials", detail
    names = " ".join(base.__name__.lower() for one in chain for base in type(one).__mro__[:-2])
    return next((fault for word, fault in _WORDS if word in names), "host-error"), detail


def _status(error: BaseException) -> int:
    code = getattr(getattr(error, "response", None), "status_code", 0)
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
