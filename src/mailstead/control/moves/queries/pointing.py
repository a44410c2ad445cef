"""Where the DNS of a move's domains leads, by the DNS doctor's last look at each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from mailstead.control.dns import queries as dns
from mailstead.control.hosting.models import Domain
from mailstead.control.moves.models import Move

State = Literal["here", "both", "old", "elsewhere", "nowhere", "unknown"]
"""`both`: here and to others; `old`: to the host that the move names as the old one; `nowhere`:
no MX record was found; `unknown`: nobody has looked yet, or nothing could be learnt."""


@dataclass(frozen=True)
class Pointing:
    """One domain."""

    domain: Domain
    state: State
    hosts: tuple[str, ...]
    """Of its MX records, as found."""
    missing: tuple[str, ...]
    """Types and names of other records that are not yet as they should be."""
    at: dt.datetime | None
    report: dns.Report


def moved_domains(move: Move) -> list[Domain]:
    """The living domains that came by this move, in the order of their numbers."""
    numbers = move.things.filter(kind="domain").values("object_id")
    rows = Domain.objects.filter(pk__in=numbers, removed_at=None).order_by("pk")
    return list(rows.select_related("customer__reseller", "server", "alias_of"))


def pointing(move: Move, most: int | None = None) -> list[Pointing]:
    """The domains of a move that was fetched through the actor, the first of them with `most`."""
    return [_pointing(move, domain) for domain in moved_domains(move)[:most]]


def _pointing(move: Move, domain: Domain) -> Pointing:
    report = dns.report(domain)
    mx = [line.kept for line in report.records if line.expected.purpose == "mx" and line.kept]
    extra = tuple(line.expected.value for line in report.others if line.expected.purpose == "mx")
    found = tuple(dict.fromkeys(value for one in mx for value in one.found))
    hosts = tuple(_host(value) for value in dict.fromkeys(found + extra))
    wrong = tuple(
        f"{line.expected.type} {line.expected.name}"
        for line in report.records
        if line.kept is not None and line.kept.verdict in ("missing", "wrong")
        if line.expected.purpose != "mx"
    )
    verdicts = {one.verdict for one in mx}
    if not mx or "unknown" in verdicts:
        state: State = "unknown"
    elif verdicts == {"good"}:
        state = "both" if extra else "here"
    elif not hosts:
        state = "nowhere"
    else:
        state = "old" if move.old_host and move.old_host in hosts else "elsewhere"
    return Pointing(domain, state, hosts, wrong, report.at, report)


def _host(value: str) -> str:
    """The host of an MX record's value (`10 mx.example.`)."""
    return value.rpartition(" ")[2].rstrip(".").lower()
