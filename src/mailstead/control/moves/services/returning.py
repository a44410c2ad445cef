"""After a move was taken back: what has come here since the switch goes to the old server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db import transaction

from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Domain, Mailbox
from mailstead.control.moves.models import BringBack, Copy, Move
from mailstead.control.moves.queries.returning import brought_back
from mailstead.control.moves.services import copies
from mailstead.control.moves.services.common import locked, note, step
from mailstead.control.moves.services.reading import home
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange, BringBackGone, BringBackPut
from mailstead.wire.events import AnyEvent, BringBackSeen
from mailstead.wire.moves import CameFrom

LAST_LOOK = dt.timedelta(minutes=10)
"""After a round: mail that was on its way into a mailbox when the routing changed is there then."""
PAUSES = (
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=15),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=1),
    dt.timedelta(hours=4),
)
"""Before the old server is asked again; the last one from then on."""
MOST_TRIES = 24
"""About four days, as long as other mail servers try."""
KEPT = dt.timedelta(days=14)
"""For which the files can be fetched at least."""


def begin(move: Move, domains: Sequence[Domain], since: dt.datetime, now: dt.datetime) -> int:
    """Bring back what has come into the mailboxes of these domains since then.

    The copies are held, and what they know is kept: it tells what the old server has. Returns how
    many mailboxes; the caller has the transaction, and mail goes to the old server already.
    """
    copies.hold(move, now)
    BringBack.objects.filter(move=move).delete()
    boxes = Mailbox.objects.filter(domain__in=domains, removed_at=None)
    rows = [
        BringBack.objects.create(
            move=move,
            mailbox=box,
            server=box.domain.server.name,
            address=box.address,
            host=move.old_host,
            since=since,
        )
        for box in boxes.select_related("domain__server").order_by("pk")
    ]
    _tell(rows, now)
    return len(rows)


def put_of(row: BringBack) -> BringBackPut:
    """What the node is told of one; needs its move fetched."""
    found = Copy.objects.filter(move=row.move_id, address=row.address, round__gt=0)
    return BringBackPut(
        job=row.pk,
        address=row.address,
        host=row.host,
        since=row.since,
        sources=tuple(
            CameFrom(copy=copy.pk, source=copies.source_of(copy))
            for copy in found.select_related("move").order_by("pk")
        ),
        round=row.round,
        anew=row.anew,
    )


def snapshot(server: str) -> Iterator[AnyChange]:
    """All that a node has to know of mail that goes back."""
    rows = BringBack.objects.filter(server=server, wanted=True).select_related("move")
    for row in rows.order_by("pk").iterator(chunk_size=500):
        yield put_of(row)


def _tell(rows: Sequence[BringBack], now: dt.datetime) -> None:
    by_server: dict[str, list[AnyChange]] = {}
    for row in rows:
        by_server.setdefault(row.server, []).append(put_of(row))
    for server, changes in by_server.items():
        feed.publish(server=server, changes=changes, now=now)


def _next_round(rows: Sequence[BringBack], now: dt.datetime, *, anew: bool) -> None:
    for row in rows:
        row.round += 1
        row.anew, row.state, row.due_at = anew, "waiting", None
        row.save()
    _tell(rows, now)


@transaction.atomic
def bring_back_again(*, actor: Actor, now: dt.datetime, move: Move, reason: str = "") -> int:
    """Look into each mailbox once more, and try again what the old server has refused.

    Returns how many mailboxes. Raises `Refusal` (`move-not-back`).
    """
    locked(move)
    rows = list(
        BringBack.objects.select_for_update()
        .filter(move=move, wanted=True, state__in=("done", "failed"))
        .select_related("move")
    )
    if move.state not in ("returning", "back"):
        raise Refusal(
            "move-not-back",
            "This move was not taken back.",
            remedy="Take it back first.",
        )
    note(actor, now, move, "return", after={"mailboxes": len(rows)}, reason=reason)
    for row in rows:
        row.tries, row.settled, row.known = 0, False, -1
    _next_round(rows, now, anew=True)
    return len(rows)


@transaction.atomic
def end_returning(*, actor: Actor, now: dt.datetime, move: Move, reason: str = "") -> None:
    """Wait no longer for the old server: what it has not taken stays in the files.

    Raises `Refusal`.
    """
    locked(move)
    step(actor, now, move, "returned", reason)
    BringBack.objects.filter(move=move).update(due_at=None)


@transaction.atomic
def fetch_kept(
    *, actor: Actor, now: dt.datetime, move: Move, number: int
) -> tuple[BringBack, Path]:
    """Somebody fetches the file of what is not at the old server; it is noted who.

    Raises `Refusal` (`file-unknown`, `file-elsewhere`).
    """
    row = brought_back(move).filter(pk=number, wanted=True, kept__gt=0).first()
    if row is None:
        raise Refusal("file-unknown", "There is no such file.", remedy="Look at the move again.")
    path = home().moves / "returns" / f"{row.pk}.zip"
    if not path.is_file():
        raise Refusal(
            "file-elsewhere",
            "The file lies on the server {server} and cannot be read from here.",
            remedy="Fetch it there: moves/returns/{number}.zip below its home.",
            server=row.server,
            number=row.pk,
        )
    note(actor, now, move, "fetch-kept", after={"mailbox": row.address})
    return row, path


def close(move: Move, now: dt.datetime) -> None:
    """The nodes forget what was brought back, and their files go; the caller has the transaction.

    What the page says of it stays.
    """
    rows = list(BringBack.objects.select_for_update().filter(move=move, wanted=True))
    by_server: dict[str, list[AnyChange]] = {}
    for row in rows:
        by_server.setdefault(row.server, []).append(BringBackGone(job=row.pk))
    for server, changes in by_server.items():
        feed.publish(server=server, changes=changes, now=now)
    numbers = [row.pk for row in rows]
    BringBack.objects.filter(pk__in=numbers).update(wanted=False, due_at=None)
    copies.end_copies(move, now)


# By themselves


def advance_due(now: dt.datetime) -> int:
    """Begin the rounds whose time has come; let go what was kept long enough. Returns how many."""
    count = _rounds(now)
    over = BringBack.objects.filter(wanted=True, move__state="back", move__grace_until__lt=now)
    for move in Move.objects.filter(pk__in=over.values("move"))[:20]:
        with transaction.atomic():
            locked(move)
            if move.state == "back":
                close(move, now)
                count += 1
    return count


@transaction.atomic
def _rounds(now: dt.datetime) -> int:
    rows = BringBack.objects.select_for_update().filter(due_at__lte=now, wanted=True)
    found = list(rows.select_related("move").order_by("due_at")[:50])
    _next_round(found, now, anew=False)
    return len(found)


# What nodes tell


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record a batch from a node; inside the transaction that records its numbers."""
    for event in events:
        if isinstance(event, BringBackSeen):
            _seen(server, event, now)


def _seen(server: str, event: BringBackSeen, now: dt.datetime) -> None:
    rows = BringBack.objects.select_for_update().filter(
        pk=event.job, server=server, round=event.round, wanted=True
    )
    row = rows.select_related("move").first()
    if row is None or (row.seen_at is not None and event.at < row.seen_at):
        return
    row.state, row.seen_at = event.state, event.at
    row.arrived, row.saved = event.arrived, event.saved
    row.returned, row.failed = event.returned, event.failed
    row.kept, row.kept_octets = event.kept, event.kept_octets
    row.words, row.seconds = event.words[:4000], event.seconds
    waits = row.move.state == "returning"
    if event.state == "failed":
        row.tries += 1
        pause = PAUSES[min(row.tries, len(PAUSES)) - 1]
        row.due_at = event.at + pause if waits and row.tries < MOST_TRIES else None
    elif event.state == "done":
        found = event.arrived + event.saved
        row.settled = row.known == found
        row.tries, row.known = 0, found
        row.due_at = event.at + LAST_LOOK if waits and not row.settled else None
    row.save()
    if row.settled and waits:
        finish_if_all(row.move, now)


def finish_if_all(move: Move, now: dt.datetime) -> None:
    """The move is back when nothing has to be brought any more; the caller has the transaction."""
    locked(move)
    left = BringBack.objects.filter(move=move, wanted=True, settled=False)
    if move.state == "returning" and not left.exists():
        step(Actor.system(), now, move, "returned")


def extend_grace(move: Move, now: dt.datetime) -> None:
    """Until when the files can be fetched; the caller saves the move."""
    move.grace_until = max(move.grace_until or now, now + KEPT)
