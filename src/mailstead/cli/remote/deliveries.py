"""The delivery log and the reputation of another server, over its API.

Names and arguments are the control plane's own; what it says in words, the server has said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from mailstead.cli.remote.client import part
from mailstead.cli.remote.things import Listed, Thing, thing
from mailstead.cli.session import SESSION

MOST_ANSWERS = 1000
"""Rows that the server gives of how receivers answer."""


def deliveries(
    actor: object,
    *,
    search: str = "",
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    state: str = "",
    cause: str = "",
    domain: str = "",
) -> Listed:
    """What fits, the newest first."""
    return Listed(
        "/deliveries",
        thing,
        q=search,
        since=since.isoformat() if since else "",
        until=until.isoformat() if until else "",
        state=state,
        cause=cause,
        domain=domain,
    )


def delivery_numbered(actor: object, number: int) -> Thing:
    """A message with its recipients and every attempt."""
    found: dict[str, Any] = SESSION.api().get(f"/deliveries/{number}")
    return Thing(recipients=[thing(row) for row in found["recipients"]])


def recipients_of(actor: object, delivery: Thing) -> list[Thing]:
    """Those of a message that was asked for."""
    rows: list[Thing] = delivery.recipients
    return rows


def attempts_of(delivery: Thing) -> list[Thing]:
    """For one recipient, in the order of time."""
    return [thing({**one, "source": one["left_by"]}) for one in delivery.attempts]


def names_of_ways(actor: object) -> dict[str, str]:
    """None: the server names them itself."""
    return {}


def way_words(way: str, names: Mapping[str, str]) -> str:
    """By what mail left, as the server has said it."""
    return way


def tell_of(row: Thing, now: object) -> Thing:
    """What became of it, as the server has said it."""
    return Thing(sentence=row.words, advice=getattr(row, "advice", ""))


def listings(actor: object, *, open_only: bool = False) -> list[Thing]:
    """Entries in DNS lists: those that are open, then those that have ended; newest first."""
    rows = sorted(
        Listed("/reputation/listings", thing, open=open_only),
        key=lambda row: (row.ended or row.since, row.since, row.pk),
        reverse=True,
    )
    return sorted(rows, key=lambda row: row.ended is not None)


def receiver_answers(
    actor: object, today: object, *, days: int, search: str, limit: int
) -> list[Thing]:
    """How receivers have answered; those first that refuse most for reputation."""
    found = SESSION.api().get(
        "/reputation/receivers", days=days, search=search, limit=min(limit, MOST_ANSWERS)
    )
    return [thing(row) for row in found]


def look_at_lists(server: str) -> dict[str, Any]:
    """Have one of its nodes ask the DNS lists now."""
    found: dict[str, Any] = SESSION.api().call("POST", f"/servers/{part(server)}/reputation/look")
    return found
