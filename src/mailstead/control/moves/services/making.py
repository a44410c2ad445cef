"""Making exports: the worker writes the list, and asks the node for the mail beside it.

Outside of any transaction, as mail may take hours. What the node has to say lies beside the archive
(`wire.exports`); where it says nothing for a while it is asked again, which harms nobody.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import BinaryIO

import msgspec
import structlog
from django.db import transaction
from django.db.models import QuerySet

from mailstead.control.hosting.models import Customer
from mailstead.control.moves.models import Export
from mailstead.control.moves.queries import outgoing, readme
from mailstead.control.moves.services.exports import (
    KEPT,
    PACKING,
    ask_packing,
    file_name,
    folder_of,
)
from mailstead.control.people.actor import Actor
from mailstead.foreign import ours
from mailstead.foreign.inventory import Inventory
from mailstead.standards.pieces import Pieces
from mailstead.standards.refusal import Refusal
from mailstead.wire.exports import ARCHIVE, JOB, PROGRESS, Box, Job, Packed

SILENT = 30.0
"""Seconds without a word from the node after which it is asked again."""


def make_due(now: dt.datetime) -> int:
    """Take every export that is open a step further; returns how many became whole."""
    done = 0
    for row in Export.objects.filter(state__in=("waiting", "making")).select_related("customer"):
        try:
            done += _advance(row, now)
        except Refusal as refusal:
            _fail(row, refusal.sentence)
        except OSError as error:
            structlog.get_logger("exports").exception("failed", export=row.pk)
            _fail(row, f"It cannot be written: {error.strerror or error}.")
    return done


def head_of(
    actor: Actor, customer: Customer, domain: str, now: dt.datetime, *, with_mail: bool
) -> tuple[Inventory, list[tuple[str, bytes]]]:
    """What is exported, and the files that come first. Raises `Refusal`."""
    inventory = outgoing(actor, customer, domain)
    text = readme(inventory, customer, now, domain=domain, with_mail=with_mail)
    head = [
        (ours.MANIFEST, ours.manifest(inventory, lambda _: with_mail)),
        (ours.README, text.encode()),
    ]
    return inventory, head


def boxes_of(inventory: Inventory) -> tuple[Box, ...]:
    """The mailboxes whose mail is packed."""
    return tuple(
        Box(
            address=box.address,
            place=ours.place(box.address),
            sieve_place=ours.sieve_place(box.address),
        )
        for box in inventory.mailboxes()
    )


def _advance(row: Export, now: dt.datetime) -> bool:
    folder = folder_of(row.pk)
    if not (folder / JOB).exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _prepare(row, folder, now)
    if not row.with_mail:
        return _finish(row, (folder / ARCHIVE).stat().st_size, now)
    told = _told(folder)
    if told is not None and told.state == "done":
        _note(row, told)
        return _finish(row, told.size, now)
    if told is not None and told.state == "failed":
        _fail(row, told.words)
        return False
    if told is not None and told.state == "packing":
        _note(row, told)
    since = told.at if told is not None and told.state == "packing" else 0.0
    asked = row.asked_at.timestamp() if row.asked_at else 0.0
    if now.timestamp() - max(since, asked) > SILENT:
        _ask(row, now)
    return False


def _prepare(row: Export, folder: Path, now: dt.datetime) -> None:
    """Write down what is exported; without mail that is all."""
    system = Actor.system()
    inventory, head = head_of(system, row.customer, row.domain, now, with_mail=row.with_mail)
    if not row.with_mail:
        with _fresh(folder / ARCHIVE) as file:
            pieces = Pieces(file, PACKING)
            for name, data in head:
                pieces.text(name, data)
            pieces.finish()
    else:
        for name, data in head:
            with _fresh(folder / name) as file:
                file.write(data)
    job = Job(
        packing=PACKING,
        head=tuple(name for name, _ in head),
        boxes=boxes_of(inventory) if row.with_mail else (),
        octets=row.octets_all,
    )
    with _fresh(folder / f"{JOB}.new") as file:
        file.write(msgspec.json.encode(job))
    (folder / f"{JOB}.new").replace(folder / JOB)
    _open(row).update(state="making", words="")


def _fresh(path: Path) -> BinaryIO:
    """A new file that nobody else may read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _told(folder: Path) -> Packed | None:
    try:
        return msgspec.json.decode((folder / PROGRESS).read_bytes(), type=Packed)
    except (OSError, msgspec.MsgspecError):
        return None


def _open(row: Export) -> QuerySet[Export]:
    """The row as long as nobody has stopped it meanwhile."""
    return Export.objects.filter(pk=row.pk, state__in=("waiting", "making"))


def _note(row: Export, told: Packed) -> None:
    _open(row).update(
        state="making",
        words="",
        octets=told.octets,
        octets_all=max(row.octets_all, told.octets),
        messages=told.messages,
        address=told.address,
    )


def _finish(row: Export, size: int, now: dt.datetime) -> bool:
    name = file_name(row.customer, row.domain, now)
    return bool(
        _open(row).update(
            state="done",
            words="",
            address="",
            name=name,
            size=size,
            finished_at=now,
            expires_at=now + KEPT,
        )
    )


def _fail(row: Export, words: str) -> None:
    _open(row).update(state="failed", words=words[:1000])


def _ask(row: Export, now: dt.datetime) -> None:
    words = "The server does not answer; it is asked again." if row.asked_at else ""
    with transaction.atomic():
        ask_packing(row.pk, now)
        _open(row).update(state="making", asked_at=now, words=words)
