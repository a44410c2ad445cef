"""Copies of mail: rounds that nodes are asked for, and what they tell of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec
from django.db import transaction
from django.db.models import Q

from mailstead.control.feed import services as feed
from mailstead.control.moves import life
from mailstead.control.moves.models import Copy, Move
from mailstead.control.moves.queries import pace_of
from mailstead.control.moves.services import imap, redirects
from mailstead.control.moves.services.common import locked, note
from mailstead.control.moves.services.own import doors, peers, rounds
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange, CopyGone, CopyPut
from mailstead.wire.events import AnyEvent, CopyCounted, CopySeen
from mailstead.wire.moves import AnySource, FilesSource

MOST_TRIES = 5
FIRST_PAUSE = dt.timedelta(minutes=1)
AGAIN = dt.timedelta(minutes=30)
"""After the switch: between two rounds that look for mail which still reached the old server."""


def source_of(copy: Copy) -> AnySource:
    """Where its mail is, without what is needed to log in; needs its move fetched."""
    found = copy.source
    if found["kind"] == "imap":
        return imap.told_source(copy.move, copy.address)
    if found["kind"] == "node":
        return doors.told_source(copy)
    path = f"{copy.move.root}/{found['path']}" if copy.move.root else str(found["path"])
    return msgspec.convert(
        {"type": "files", "path": path, "kind": found["kind"], "names": found["names"]},
        FilesSource,
    )


def copy_put(copy: Copy) -> CopyPut:
    """What the node is told of one; needs its move fetched."""
    return CopyPut(
        job=copy.pk,
        address=copy.address,
        source=source_of(copy),
        round=copy.round,
        merge=copy.merge,
        paused=copy.paused,
        octets_per_second=copy.move.octets_per_second,
        anew=copy.anew,
        urgent=copy.urgent,
    )


def snapshot(server: str) -> Iterator[AnyChange]:
    """All that a node has to know of moves."""
    yield pace_of(server)
    yield peers.of(server)
    yield from redirects.snapshot(server)
    rows = Copy.objects.filter(server=server, wanted=True).select_related("move")
    for copy in rows.order_by("pk").iterator(chunk_size=500):
        # One whose source is not known any more must not keep a node from all the rest.
        with suppress(Refusal):
            yield copy_put(copy)


def tell(rows: Sequence[Copy], now: dt.datetime) -> None:
    """Let the nodes know how these copies are to go on; each needs its move fetched."""
    by_server: dict[str, list[AnyChange]] = {}
    for copy in rows:
        try:
            put = copy_put(copy)
        except Refusal as refusal:
            copy.state, copy.words, copy.due_at = "failed", refusal.sentence[:4000], now + AGAIN
            copy.save(update_fields=["state", "words", "due_at"])
        else:
            by_server.setdefault(copy.server, []).append(put)
    for server, changes in by_server.items():
        feed.publish(server=server, changes=changes, now=now)


def begin_rounds(
    move: Move,
    rows: Sequence[Copy],
    now: dt.datetime,
    *,
    merge: bool = False,
    anew: bool = False,
    urgent: bool = False,
) -> None:
    """The next round of these; what is here must stay where mail arrives here already.

    With `merge` also before that. With `urgent` mail waits for them.
    """
    served = merge or _served_here(move)
    for copy in rows:
        copy.move = move
        copy.merge = copy.merge or (copy.round > 0 and served)
        copy.round += 1
        copy.anew, copy.urgent = anew, urgent
        copy.wanted, copy.state, copy.due_at, copy.words = True, "waiting", None, ""
        copy.messages = copy.octets = 0
        copy.seconds, copy.folder = 0.0, ""
        copy.save()
    tell(rows, now)


def _served_here(move: Move) -> bool:
    return move.state not in ("draft", "planned", "announced", "copying") or not move.old_host


def has_room(move: Move) -> bool:
    """Whether its batch lets another move copy now."""
    if move.batch is None:
        return True
    busy = Copy.objects.filter(move__batch=move.batch, wanted=True).exclude(
        Q(state__in=("done", "failed")) | Q(paused=True)
    )
    others = busy.exclude(move=move).values("move").distinct().count()
    return others < move.batch.at_once


@transaction.atomic
def copy_again(
    *,
    actor: Actor,
    now: dt.datetime,
    move: Move,
    anew: bool = False,
    mailbox: str = "",
    reason: str = "",
) -> int:
    """Another round of every copy that has ended, or of one mailbox's: it costs what has changed.

    With `anew` both sides are compared whole, and what came before and is not here any more comes
    again, also what its user has deleted. Returns how many copies. Raises `Refusal`
    (`move-not-copying`, `mailbox-not-copied`).
    """
    locked(move)
    if move.state not in (*life.MOVING, "verified", "watched"):
        raise Refusal(
            "move-not-copying",
            "No mail is copied while the move is '{state}'.",
            remedy="Start it first.",
            state=move.state,
        )
    found = Copy.objects.filter(move=move, state__in=("done", "failed"))
    # Of a mailbox that was removed here no node can make one.
    found = found.exclude(mailbox__removed_at__isnull=False).select_for_update(of=("self",))
    address = mailbox.strip().lower()
    if address:
        found = found.filter(address=address)
    if not anew:
        # A node that has forgotten a copy takes what was deleted here for what is new there.
        found = found.filter(wanted=True)
    rows = list(found)
    if address and not rows:
        raise Refusal(
            "mailbox-not-copied",
            "No mail of {address} was copied, or it is being copied now.",
            remedy="Look at the move's page.",
            address=address,
        )
    after = {"copies": len(rows), **({"anew": True} if anew else {})}
    note(actor, now, move, "copy", after=after, reason=reason)
    for copy in rows:
        copy.tries = 0
    begin_rounds(move, rows, now, anew=anew)
    return len(rows)


@transaction.atomic
def pause(*, actor: Actor, now: dt.datetime, move: Move, paused: bool, reason: str = "") -> None:
    """Stop all copies of a move where they stand, or let them go on. Raises `Refusal`."""
    locked(move)
    if move.state in ("returning", "back"):
        raise Refusal("move-not-copying", "This move was taken back.", remedy="Start it again.")
    move.paused = paused
    move.save(update_fields=["paused"])
    rows = list(Copy.objects.select_for_update().filter(move=move).exclude(state="done"))
    for copy in rows:
        copy.move, copy.paused = move, paused
        copy.save(update_fields=["paused"])
    note(actor, now, move, "pause" if paused else "resume", reason=reason)
    tell([copy for copy in rows if copy.wanted], now)


def hold(move: Move, now: dt.datetime) -> None:
    """Let copies stop where they stand, and what the nodes know of them stay.

    The caller has the transaction; `end_copies` ends it.
    """
    rows = list(Copy.objects.select_for_update().filter(move=move, wanted=True))
    for copy in rows:
        copy.move, copy.paused = move, True
        copy.save(update_fields=["paused"])
    tell(rows, now)


@transaction.atomic
def end_copies(move: Move, now: dt.datetime) -> None:
    """The nodes forget the copies of a move that is over; what was copied stays."""
    rows = list(Copy.objects.select_for_update().filter(move=move, wanted=True))
    by_server: dict[str, list[AnyChange]] = {}
    for copy in rows:
        by_server.setdefault(copy.server, []).append(CopyGone(job=copy.pk))
    for server, changes in by_server.items():
        feed.publish(server=server, changes=changes, now=now)
    Copy.objects.filter(pk__in=[copy.pk for copy in rows]).update(wanted=False, paused=False)


def advance_due(now: dt.datetime) -> int:
    """Begin what waits for its turn, try again what has failed; returns how many copies."""
    count = 0
    waiting = Copy.objects.filter(wanted=False, move__state="copying", move__paused=False)
    moves = Move.objects.filter(pk__in=waiting.values("move"), job=None).select_related("batch")
    for move in moves.order_by("pk"):
        count += _begin_first(move, now)
    due = Copy.objects.filter(state="failed", due_at__lte=now, move__paused=False)
    for number in due.order_by("due_at").values_list("pk", flat=True)[:50]:
        count += _try_again(number, now)
    return count + _look_again(now)


@transaction.atomic
def _begin_first(move: Move, now: dt.datetime) -> int:
    locked(move)
    if move.state != "copying" or move.paused or not has_room(move):
        return 0
    rows = list(Copy.objects.select_for_update().filter(move=move, wanted=False))
    begin_rounds(move, rows, now)
    return len(rows)


@transaction.atomic
def _try_again(number: int, now: dt.datetime) -> int:
    rows = Copy.objects.select_for_update(of=("self",)).filter(
        pk=number, state="failed", due_at__lte=now
    )
    copy = rows.select_related("move", "mailbox").first()
    if copy is None or not _may_copy(copy):
        return 0
    begin_rounds(copy.move, [copy], now, anew=copy.anew)
    return 1


def _may_copy(copy: Copy) -> bool:
    if copy.mailbox is not None and copy.mailbox.removed_at is not None:
        return False
    if copy.move.origin == "node" and copy.move.state in rounds.MEETING:
        return copy.wanted
    return copy.move.state in (*life.MOVING, "verified", "watched")


@transaction.atomic
def _look_again(now: dt.datetime) -> int:
    """After the switch: rounds until one has found nothing more at the old server.

    Between own servers they go on as long as both know the mailbox.
    """
    rows = Copy.objects.filter(state="done", due_at__lte=now, wanted=True)
    between = Q(move__origin="node", move__state__in=rounds.MEETING, move__own__phase="")
    rows = rows.filter(Q(move__state="switched") & ~Q(move__origin="node") | between)
    rows = rows.exclude(mailbox__removed_at__isnull=False)
    found = list(
        rows.select_for_update(of=("self",)).filter(move__paused=False).select_related("move")[:50]
    )
    for copy in found:
        begin_rounds(copy.move, [copy], now)
    return len(found)


# What nodes tell


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record a batch from a node; inside the transaction that records its numbers."""
    for event in events:
        if isinstance(event, CopySeen):
            _seen(server, event)
        elif isinstance(event, CopyCounted):
            _counted(server, event)
    redirects.record(server, events)


def _one(server: str, job: int, number: int) -> Copy | None:
    """The copy as long as that round is its present one."""
    rows = Copy.objects.select_for_update().filter(pk=job, server=server, round=number)
    return rows.select_related("move").first()


def _seen(server: str, event: CopySeen) -> None:
    copy = _one(server, event.job, event.round)
    if copy is None or (copy.seen_at is not None and event.at < copy.seen_at):
        return
    copy.state, copy.seen_at = event.state, event.at
    copy.messages, copy.messages_all = event.messages, max(event.messages_all, event.messages)
    copy.octets, copy.octets_all = event.octets, max(event.octets_all, event.octets)
    copy.seconds, copy.folder = event.seconds, event.folder[:400]
    copy.words = event.words[:4000]
    copy.uids_kept = copy.uids_kept and event.uids_kept
    if event.state == "failed":
        copy.tries += 1
        pause = FIRST_PAUSE * 4 ** (copy.tries - 1)
        copy.due_at = event.at + pause if copy.tries < MOST_TRIES else None
    elif event.state == "done":
        copy.tries = 0
        more = copy.move.state == "switched" and event.messages > 0
        copy.due_at = event.at + AGAIN if more else None
        if copy.move.origin == "node":
            copy.due_at = rounds.due(copy.move, event.at)
    copy.save()


def _counted(server: str, event: CopyCounted) -> None:
    copy = _one(server, event.job, event.round)
    if copy is None:
        return
    copy.counted_round = event.round
    copy.source_count = msgspec.to_builtins(event.source)
    copy.target_count = msgspec.to_builtins(event.target)
    copy.save(update_fields=["counted_round", "source_count", "target_count"])
