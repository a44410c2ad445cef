"""How much each node copies at once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from mailstead.control.hosting import queries as hosting
from mailstead.control.moves.models import Copy, CopyPace
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.wire.changes import CopyPacePut

AT_ONCE = 2
"""Copies that a node makes at the same time, where nobody has said otherwise."""


@dataclass(frozen=True)
class ServerPace:
    """A node's bounds, and what it does now."""

    server: str
    at_once: int
    octets_per_second: int
    copying: int
    waiting: int


def pace_of(server: str) -> CopyPacePut:
    """The bounds of one node."""
    row = CopyPace.objects.filter(server__name=server).first()
    if row is None:
        return CopyPacePut(at_once=AT_ONCE)
    return CopyPacePut(at_once=row.at_once, octets_per_second=row.octets_per_second)


def paces(actor: Actor) -> list[ServerPace]:
    """Of every node that the actor sees, by name."""
    if not roles.may(actor, "move.pace"):
        return []
    told = {row.server_id: row for row in CopyPace.objects.all()}
    busy = busy_copies()
    found = []
    for server in hosting.servers(actor):
        row = told.get(server.pk)
        copying, waiting = busy.get(server.name, (0, 0))
        found.append(
            ServerPace(
                server=server.name,
                at_once=row.at_once if row else AT_ONCE,
                octets_per_second=row.octets_per_second if row else 0,
                copying=copying,
                waiting=waiting,
            )
        )
    return found


def busy_copies() -> dict[str, tuple[int, int]]:
    """Copies that run and that wait, by node."""
    rows = Copy.objects.filter(wanted=True, paused=False).order_by().values("server")
    counts = rows.annotate(
        copying=Count("pk", filter=Q(state="copying")),
        waiting=Count("pk", filter=Q(state="waiting")),
    )
    return {one["server"]: (one["copying"], one["waiting"]) for one in counts}
