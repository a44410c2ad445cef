"""How much a node copies at once; what is changed holds for copies that run, too."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Server
from mailstead.control.moves.models import CopyPace
from mailstead.control.moves.queries import pace_of
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import CopyPacePut

MOST_AT_ONCE = 64
FASTEST = 2**40
"""Bytes in a second; a larger bound is none."""


@transaction.atomic
def set_pace(
    *,
    actor: Actor,
    now: dt.datetime,
    server: Server,
    at_once: int | None = None,
    octets_per_second: int | None = None,
) -> CopyPacePut:
    """Change what is given; 0 octets are no bound. Raises `Refusal` (`pace-invalid`)."""
    roles.require(actor, "move.pace")
    Server.objects.select_for_update().get(pk=server.pk)
    before = pace_of(server.name)
    after = CopyPacePut(
        at_once=before.at_once if at_once is None else at_once,
        octets_per_second=checked_pace(
            before.octets_per_second if octets_per_second is None else octets_per_second
        ),
    )
    if not 1 <= after.at_once <= MOST_AT_ONCE:
        raise Refusal(
            "pace-invalid",
            "Between 1 and {most} copies run at once on a server.",
            remedy="Choose another number.",
            most=MOST_AT_ONCE,
        )
    if after == before:
        return after
    CopyPace.objects.update_or_create(server=server, defaults=_plain(after))
    people.record(
        actor=actor,
        verb="move.pace",
        kind="server",
        label=server.name,
        object_id=server.pk,
        now=now,
        before=_plain(before),
        after=_plain(after),
    )
    feed.publish(server=server.name, changes=[after], now=now)
    return after


def checked_pace(octets_per_second: int) -> int:
    """Bytes in a second, 0 for no bound; raises `Refusal` (`pace-invalid`)."""
    if not 0 <= octets_per_second <= FASTEST:
        raise Refusal(
            "pace-invalid",
            "So many bytes in a second are no bound.",
            remedy="Give a size, or 0 for none.",
        )
    return octets_per_second


def _plain(pace: CopyPacePut) -> dict[str, int]:
    return {"at_once": pace.at_once, "octets_per_second": pace.octets_per_second}
