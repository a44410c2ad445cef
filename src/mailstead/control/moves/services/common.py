"""What every write of moves has in common: permission, the audit entry, the step of the life."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from mailstead.control.hosting.queries import scope
from mailstead.control.moves import life
from mailstead.control.moves.models import Came, Move, Step
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

LONGEST_REASON = 400


def permit(actor: Actor, rule: str, move: Move) -> people.Owner:
    """Refuse who may not do this with this move; returns whose trail it belongs to."""
    roles.require(actor, rule)
    owner = people.Owner(customer=move.customer_id)
    if actor.sees_everything:
        return owner
    if move.customer is None or not scope.sees_customer(actor, move.customer):
        raise Refusal("object-unknown", "There is no such thing here.")
    return owner


def locked(move: Move) -> Move:
    """The move as it is now, locked; raises `Refusal` (`gone`)."""
    try:
        move.refresh_from_db(from_queryset=Move.objects.select_for_update())
    except Move.DoesNotExist as error:
        raise Refusal("gone", "It was removed in the meantime.") from error
    return move


def clean(reason: str) -> str:
    """One line."""
    return " ".join(reason.split())[:LONGEST_REASON]


def note(
    actor: Actor,
    now: dt.datetime,
    move: Move,
    verb: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write it into the trail; refuses who may not."""
    owner = permit(actor, f"move.{verb}", move)
    people.record(
        actor=actor,
        verb=f"move.{verb}",
        kind="move",
        label=str(move),
        object_id=move.pk,
        now=now,
        before=before,
        after=after,
        reason=clean(reason),
        owner=owner,
    )


def step(actor: Actor, now: dt.datetime, move: Move, act: life.Act, reason: str = "") -> None:
    """Take a locked move into the state to which an act leads; the caller has the transaction."""
    was = move.state
    move.state = life.after(act, was)
    if move.state != was:
        move.since = now
    move.save()
    Step.objects.create(
        move=move, at=now, act=act, state=move.state, by=str(actor)[:280], reason=clean(reason)
    )
    note(actor, now, move, act, before={"state": was}, after={"state": move.state}, reason=reason)


def said(actor: Actor, now: dt.datetime, move: Move, act: str, reason: str = "") -> None:
    """Something of a move's life that leads into no other state."""
    Step.objects.create(
        move=move, at=now, act=act, state=move.state, by=str(actor)[:280], reason=clean(reason)
    )


def came(move: Move, kind: str, number: int, label: str) -> None:
    """Remember that a thing came by this move."""
    Came.objects.get_or_create(
        move=move, kind=kind, object_id=number, defaults={"label": label[:400]}
    )


def claimed(move: Move, now: dt.datetime) -> bool:
    """Take over the reading of a move's source, if nobody has since it was looked at."""
    seen = Move.objects.filter(pk=move.pk, reading=move.reading, reading_at=move.reading_at)
    if not seen.update(reading="reading", reading_at=now):
        return False
    move.refresh_from_db()
    return True
