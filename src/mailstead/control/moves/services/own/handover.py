"""The change of the home server: a round, then seconds in which mail waits, then the exchange.

    near ──all the same──► held ──both nodes know──► last ──all the same──► exchanged
      └────── a copy failed, or the wait was too long: the hold ends, all is as before ◄──┘

Nothing is sent back while mail waits: Postfix keeps it and tries again. What a node was delivering
when it heard of the hold, and what a client did there since, comes by the rounds that go on
afterwards. Each step is one transaction; the next is taken when nodes have told, or by the worker.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.feed import queries as feed
from mailstead.control.hosting import services as hosting
from mailstead.control.moves import life
from mailstead.control.moves.models import Move, OwnMove
from mailstead.control.moves.services import letters
from mailstead.control.moves.services.common import locked, note, said, step
from mailstead.control.moves.services.copies import begin_rounds
from mailstead.control.moves.services.own import doors, make, peers, rounds
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

BOUND = 300
"""Seconds for which mail waits at most, where nobody says otherwise."""
LONGEST = 3600


@transaction.atomic
def begin(
    *,
    actor: Actor,
    now: dt.datetime,
    move: Move,
    act: life.Act,
    grace: dt.timedelta,
    bound: int = BOUND,
    reason: str = "",
) -> None:
    """Begin to change the home server, there (`switch`) or `back`. Raises `Refusal`."""
    locked(move)
    own = OwnMove.objects.select_for_update().get(move=move)
    life.after(act, move.state)
    if not 10 <= bound <= LONGEST:
        raise Refusal(
            "bound-invalid",
            "Mail can wait from 10 seconds to an hour.",
            remedy="Give another number of seconds.",
        )
    if own.phase:
        raise Refusal("home-changes", "The change of the home server is under way.", remedy="Wait.")
    if own.left:
        raise Refusal(
            "server-left", "The other server has forgotten the domains.", remedy="Plan a new move."
        )
    doors.refuse_closed(own.source)
    own.phase, own.phase_at, own.held_at = "near", now, None
    own.back, own.bound, own.words, own.marks = act == "back", bound, "", {}
    own.save()
    if act == "switch":
        move.grace_until = now + grace
        move.save(update_fields=["grace_until"])
    note(actor, now, move, act, after={"phase": "near"}, reason=reason)
    said(actor, now, move, "near", reason)
    _round(move, own, now, merge=move.state in rounds.MEETING)


def _round(
    move: Move, own: OwnMove, now: dt.datetime, *, merge: bool, urgent: bool = False
) -> None:
    """A round of every copy; one that has not had its first goes on with that."""
    doors.refuse_closed(own.source)
    rounds.take_new(move, own)
    ended = [copy for copy in rounds.living(move) if copy.state in _ENDED]
    begin_rounds(move, ended, now, merge=merge, urgent=urgent)
    _round_of_new(move, now, urgent=urgent)


_ENDED = ("done", "failed")


@transaction.atomic
def advance(move: Move, now: dt.datetime) -> None:
    """Take the change as far as it goes now."""
    locked(move)
    own = OwnMove.objects.select_for_update().get(move=move)
    if own.phase == "near":
        _near(move, own, now)
    elif own.phase == "held":
        _held(move, own, now)
    elif own.phase == "last":
        _last(move, own, now)


def _near(move: Move, own: OwnMove, now: dt.datetime) -> None:
    if rounds.take_new(move, own):
        return _round_of_new(move, now)
    found = rounds.living(move)
    lost = next((c for c in found if c.state == "failed" and c.due_at is None), None)
    if lost is not None:
        return _give_up(move, own, now, f"{lost.address}: {lost.words}")
    if any(c.state != "done" for c in found):
        return None
    for domain in rounds.domains_of(own):
        hosting.hold_domain(actor=Actor.system(), now=now, domain=domain, held=True)
    own.marks = {name: _revision(name) for name in (own.source, own.target)}
    own.phase, own.phase_at, own.held_at = "held", now, now
    own.save()
    said(Actor.system(), now, move, "hold")
    return None


def _round_of_new(move: Move, now: dt.datetime, *, urgent: bool = False) -> None:
    new = [copy for copy in rounds.living(move) if not copy.wanted]
    begin_rounds(move, new, now, urgent=urgent)


def _revision(server: str) -> int:
    head = feed.head(server)
    return head.revision if head else 0


def _held(move: Move, own: OwnMove, now: dt.datetime) -> None:
    if _too_long(own, now):
        return _give_up(move, own, now, "A server did not hear of it in time.")
    heads = feed.states()
    if any(name not in heads or heads[name].acked < mark for name, mark in own.marks.items()):
        return None
    own.phase, own.phase_at = "last", now
    own.save()
    _round(move, own, now, merge=True, urgent=True)
    return None


def _too_long(own: OwnMove, now: dt.datetime) -> bool:
    return own.held_at is not None and now - own.held_at > dt.timedelta(seconds=own.bound)


def _last(move: Move, own: OwnMove, now: dt.datetime) -> None:
    found = rounds.living(move)
    lost = next((c for c in found if c.state == "failed"), None)
    if lost is not None:
        return _give_up(move, own, now, f"{lost.address}: {lost.words}")
    if any(c.state != "done" for c in found):
        if _too_long(own, now):
            _give_up(move, own, now, f"The last round took longer than {own.bound} seconds.")
        return None
    for domain in rounds.domains_of(own):
        hosting.exchange_servers(actor=Actor.system(), now=now, domain=domain)
    peers.tell((own.source, own.target), now)
    assert own.held_at is not None
    own.phase, own.phase_at = "", now
    own.held_seconds = (now - own.held_at).total_seconds()
    own.save()
    return _exchanged(move, own, now)


def _exchanged(move: Move, own: OwnMove, now: dt.datetime) -> None:
    act: life.Act = "back" if own.back else "switch"
    if own.back:
        move.grace_until = now + make.BACK_GRACE
    move.switched_at = now
    step(Actor.system(), now, move, act, f"{own.held_seconds:.0f} s")
    _all_there(move, now)
    for copy in rounds.living(move):
        copy.due_at = now + rounds.FIRST
        copy.save(update_fields=["due_at"])
    letters.tell(now=now, move=move, about="home-back" if own.back else "home")


def _all_there(move: Move, now: dt.datetime) -> None:
    """Nothing has to be brought back: both servers have all mail."""
    if move.state == "returning":
        step(Actor.system(), now, move, "returned")


def _give_up(move: Move, own: OwnMove, now: dt.datetime, words: str) -> None:
    """All is as before; whoever has asked reads why."""
    for domain in rounds.domains_of(own):
        hosting.hold_domain(actor=Actor.system(), now=now, domain=domain, held=False)
    own.phase, own.phase_at, own.held_at = "", now, None
    own.words = words[:400]
    own.save()
    said(Actor.system(), now, move, "give-up", words)


def told(server: str, now: dt.datetime) -> None:
    """A node has told something that a change of home may wait for."""
    rows = Move.objects.filter(own__phase__in=("near", "held", "last"))
    where = rows.filter(own__source=server) | rows.filter(own__target=server)
    for move in where.distinct().order_by("pk"):
        _advance_or_stop(move, now)


def _advance_or_stop(move: Move, now: dt.datetime) -> None:
    """What is refused ends the change of home, and never what else a node has to tell."""
    try:
        advance(move, now)
    except Refusal as refusal:
        _stop(move, now, refusal.sentence)


@transaction.atomic
def _stop(move: Move, now: dt.datetime, words: str) -> None:
    locked(move)
    own = OwnMove.objects.select_for_update().get(move=move)
    if own.phase:
        _give_up(move, own, now, words)


def tick(now: dt.datetime) -> int:
    """What the worker does each second: changes of home, new mailboxes, the end of the grace."""
    count = 0
    for move in Move.objects.filter(own__phase__in=("near", "held", "last")).order_by("pk"):
        _advance_or_stop(move, now)
        count += 1
    open_moves = Move.objects.filter(origin=make.NODE, own__left=False, own__phase="")
    going = open_moves.filter(state__in=("copying", *rounds.MEETING)).select_related("own")
    for move in going.order_by("pk"):
        if rounds.uncopied(move, move.own).exists():
            count += _take_new(move, now)
        if move.grace_until is not None and move.grace_until < now:
            count += make.leave_expired(move, now)
    return count


@transaction.atomic
def _take_new(move: Move, now: dt.datetime) -> int:
    locked(move)
    new = rounds.take_new(move, move.own)
    if move.state != "copying":
        begin_rounds(move, new, now)
    return len(new)


@transaction.atomic
def stop_early(actor: Actor, now: dt.datetime, move: Move, reason: str) -> None:
    """Take a move back that has not changed the home: the other server forgets it at once."""
    locked(move)
    own = OwnMove.objects.select_for_update().get(move=move)
    if own.phase:
        _give_up(move, own, now, "It was taken back.")
    step(actor, now, move, "back", reason)
    _all_there(move, now)
    make.leave(actor, now, move, grace=dt.timedelta(0))
