"""Making a move, and taking it out of the list again; batches."""

from __future__ import annotations

import datetime as dt
from pathlib import PurePosixPath

from django.db import transaction

from mailstead.control.hosting.models import Customer, Server
from mailstead.control.hosting.services.domains import checked_relay
from mailstead.control.moves import life
from mailstead.control.moves.models import Batch, Move
from mailstead.control.moves.services.common import locked, note
from mailstead.control.moves.services.reading import in_reach
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal


def checked_name(name: str) -> str:
    """The name of a customer to be made; raises `Refusal` (`customer-name-empty`)."""
    bare = " ".join(name.split())
    if not bare or len(bare) > 120 or not bare.isprintable():
        raise Refusal(
            "customer-name-empty",
            "A move needs a customer: one that is there, or the name of one to be made.",
            remedy="Give one.",
        )
    return bare


def checked_place(place: str) -> str:
    """An absolute path without `..`; raises `Refusal` (`place-invalid`)."""
    path = PurePosixPath(place)
    if not path.is_absolute() or ".." in path.parts or not place.isprintable() or len(place) > 500:
        raise Refusal(
            "place-invalid",
            "The source must be an absolute path on the server.",
            remedy="Give the path of an archive or of a directory.",
        )
    return str(path)


@transaction.atomic
def create_move(
    *,
    actor: Actor,
    now: dt.datetime,
    place: str,
    server: Server,
    customer: Customer | None = None,
    customer_name: str = "",
    old_host: str = "",
    batch: Batch | None = None,
    account: str = "",
) -> Move:
    """A move from an archive or a tree on the server, read when the worker comes to it.

    `account` is one of a live server's. Only what lies below `moves/incoming/` is in the worker's
    reach; else somebody at the server's keyboard reads it (`read_now`). Raises `Refusal`.
    """
    roles.require(actor, "move.create")
    path = checked_place(place)
    same = Move.objects.filter(place=path).exclude(state__in=life.OVER)
    if same.filter(account=account).exists() if account else same.exists():
        raise Refusal(
            "move-exists",
            "There is a move from {path} already.",
            remedy="Go on with that one.",
            path=path,
        )
    move = Move.objects.create(
        customer=customer,
        customer_name=customer.name if customer else checked_name(customer_name),
        server=server,
        origin="files",
        place=path,
        old_host=checked_relay(old_host),
        batch=batch,
        since=now,
        reading="asked" if in_reach(path) else "",
        account=account[:255],
        created_at=now,
        created_by=str(actor)[:280],
    )
    note(actor, now, move, "create", after={"place": path, "server": server.name})
    return move


@transaction.atomic
def remove_move(*, actor: Actor, now: dt.datetime, move: Move) -> None:
    """Forget a move that has not begun. Raises `Refusal` (`move-begun`)."""
    locked(move)
    if move.state not in ("draft", "planned", "announced") or move.things.exists():
        raise Refusal(
            "move-begun",
            "This move has begun, and what it has made stays.",
            remedy="Take it back, or let it end.",
        )
    note(actor, now, move, "remove", before={"place": move.place, "state": move.state})
    move.delete()


@transaction.atomic
def create_batch(*, actor: Actor, now: dt.datetime, name: str, at_once: int = 3) -> Batch:
    """Moves that belong together. Raises `Refusal`."""
    roles.require(actor, "batch.create")
    bare = " ".join(name.split())
    if not bare or len(bare) > 80 or not bare.isprintable():
        raise Refusal("batch-name-invalid", "A batch needs a name.", remedy="Give one.")
    if Batch.objects.filter(name=bare).exists():
        raise Refusal("batch-exists", "There is a batch of that name.", remedy="Choose another.")
    batch = Batch.objects.create(name=bare, at_once=_checked_number(at_once), created_at=now)
    _note_batch(actor, now, batch, "create")
    return batch


@transaction.atomic
def update_batch(*, actor: Actor, now: dt.datetime, batch: Batch, at_once: int) -> None:
    """How many of its moves copy at the same time. Raises `Refusal`."""
    roles.require(actor, "batch.update")
    before = batch.at_once
    batch.at_once = _checked_number(at_once)
    batch.save()
    _note_batch(actor, now, batch, "update", before)


def _checked_number(number: int) -> int:
    if not 1 <= number <= 100:
        raise Refusal("number-invalid", "Between 1 and 100 moves run at once.", remedy="Choose.")
    return number


def _note_batch(
    actor: Actor, now: dt.datetime, batch: Batch, verb: str, before: int | None = None
) -> None:
    people.record(
        actor=actor,
        verb=f"batch.{verb}",
        kind="batch",
        label=batch.name,
        object_id=batch.pk,
        now=now,
        before=None if before is None else {"at_once": before},
        after={"at_once": batch.at_once},
    )
