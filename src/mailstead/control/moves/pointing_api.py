"""Where the DNS of a move's domains leads, for programs."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from mailstead.control.moves import queries, services
from mailstead.control.people.api.door import caller, operation

router = Router(tags=["Moves"])


class PointingOut(Schema):
    """One domain, by the last look at its DNS."""

    domain: str
    state: str = Field(description="here, both, old, elsewhere, nowhere or unknown.")
    hosts: list[str] = Field(description="Of its MX records, as found.")
    missing: list[str] = Field(description="Other records that are not yet as they should be.")
    at: dt.datetime | None = Field(description="When it was looked at.")


class LooksOut(Schema):
    """What was begun."""

    domains: int = Field(description="That are looked at within seconds.")


def _pointing(one: queries.Pointing) -> PointingOut:
    return PointingOut(
        domain=one.domain.name,
        state=one.state,
        hosts=list(one.hosts),
        missing=list(one.missing),
        at=one.at,
    )


@router.get(
    "/moves/{number}/dns", response=list[PointingOut], summary="List where a move's domains lead"
)
@operation("move.view")
def list_move_dns(request: HttpRequest, number: int) -> object:
    """Whether the MX records lead here already or still to the old server."""
    move = queries.move_numbered(caller(request), number)
    return [_pointing(one) for one in queries.pointing(move)]


@router.post("/moves/{number}/dns/check", response=LooksOut, summary="Look at a move's DNS")
@operation("move.check-dns")
def check_move_dns(request: HttpRequest, number: int) -> object:
    """All domains of it, within seconds instead of at night."""
    actor = caller(request)
    move = queries.move_numbered(actor, number)
    return LooksOut(domains=services.look_at_dns(actor=actor, now=timezone.now(), move=move))
