"""The old addresses that lead here, and who still comes by them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from mailstead.control.moves.models import Move, OldPort, Redirect
from mailstead.standards.refusal import Refusal


@dataclass(frozen=True)
class OldAddress:
    """One old address; a host name by which nobody has come is there once, without `via`."""

    host: str
    via: str
    """Old port, old path or both; `/`: neither."""
    hits: int
    last_seen: dt.datetime | None
    expires_at: dt.datetime


def old_addresses(move: Move) -> list[OldAddress]:
    """Those of a move that was fetched through the actor."""
    found = []
    for row in Redirect.objects.filter(move=move).order_by("host").prefetch_related("uses"):
        uses = sorted(row.uses.all(), key=lambda use: use.via)
        found += [
            OldAddress(row.host, use.via, use.hits, use.last_seen, row.expires_at) for use in uses
        ]
        if not uses:
            found.append(OldAddress(row.host, "", 0, None, row.expires_at))
    return found


def redirect_of(move: Move, host: str) -> Redirect:
    """One of a move that was fetched through the actor; raises `Refusal` (`redirect-unknown`)."""
    found = Redirect.objects.filter(move=move, host=host.strip().lower()).first()
    if found is None:
        raise Refusal(
            "redirect-unknown", "There is no such redirect.", remedy="Look at the list again."
        )
    return found


def taken_ports(move: Move) -> list[OldPort]:
    """Old ports that the nodes of its redirects cannot have."""
    servers = Redirect.objects.filter(move=move).values("server")
    return list(OldPort.objects.filter(server__in=servers).order_by("server", "port"))
