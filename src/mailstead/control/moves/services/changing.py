"""Changing what was asked of a move: for whom, in which batch, from where, how fast."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.hosting.models import Customer
from mailstead.control.hosting.services.domains import checked_relay
from mailstead.control.moves.models import Batch, Copy, Move, Stock
from mailstead.control.moves.queries import may_change_customer
from mailstead.control.moves.services import copies
from mailstead.control.moves.services.acting import relay
from mailstead.control.moves.services.common import locked, note
from mailstead.control.moves.services.moves import checked_name
from mailstead.control.moves.services.pace import checked_pace
from mailstead.control.moves.services.planning import make_plan
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal


@transaction.atomic
def update_move(
    *,
    actor: Actor,
    now: dt.datetime,
    move: Move,
    batch: Batch | None = None,
    no_batch: bool = False,
    customer: Customer | None = None,
    customer_name: str | None = None,
    old_host: str | None = None,
    note_words: str | None = None,
    octets_per_second: int | None = None,
) -> None:
    """Change what is given; the pace holds for copies that run, too.

    Who gets it can be changed until something was made. Raises `Refusal` (`move-begun`,
    `old-host-late`, `pace-invalid`).
    """
    locked(move)
    before = _asked(move)
    if batch is not None or no_batch:
        move.batch = batch
    if note_words is not None:
        move.note = note_words.replace("\r\n", "\n")[:4000]
    paced = octets_per_second is not None and octets_per_second != move.octets_per_second
    if octets_per_second is not None:
        move.octets_per_second = checked_pace(octets_per_second)
    moved = _set_customer(move, customer, customer_name)
    if old_host is not None:
        _set_old_host(actor, now, move, checked_relay(old_host))
    move.save()
    after = _asked(move)
    if after == before:
        return
    note(actor, now, move, "update", before=before, after=after)
    if moved and Stock.objects.filter(move=move).exists():
        make_plan(actor=actor, now=now, move=move)
    if paced:
        rows = Copy.objects.select_for_update().filter(move=move, wanted=True)
        copies.tell(list(rows.select_related("move")), now)


def _set_customer(move: Move, customer: Customer | None, name: str | None) -> bool:
    """Whether it is somebody else's now."""
    if customer is None and name is None:
        return False
    wanted = (
        customer.pk if customer else None,
        customer.name if customer else checked_name(name or ""),
    )
    if wanted == (move.customer_id, move.customer_name):
        return False
    if not may_change_customer(move):
        raise Refusal(
            "move-begun",
            "This move has begun, and what it has made belongs to {name}.",
            remedy="Move the domains to the other customer afterwards.",
            name=move.customer_name,
        )
    move.customer, move.customer_name = customer, wanted[1]
    return True


def _set_old_host(actor: Actor, now: dt.datetime, move: Move, host: str) -> None:
    if host == move.old_host:
        return
    if move.state == "copying":
        if not (host and move.old_host):
            raise Refusal(
                "old-host-late",
                "While mail is copied it can only be another old server, not none or a first one.",
                remedy="Switch, or take the move back.",
            )
        relay(actor, now, move, move.old_host, host)
    move.old_host = host


def _asked(move: Move) -> dict[str, object]:
    return {
        "batch": move.batch.name if move.batch else "",
        "customer": move.customer_name,
        "old_host": move.old_host,
        "note": move.note,
        "octets_per_second": move.octets_per_second,
    }
