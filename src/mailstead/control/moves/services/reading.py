"""Reading a source: in a process of its own, outside of any transaction, as it may take an hour.

What comes from elsewhere is hostile: the reader runs with bounds and knows neither the database nor
Django, and what it has found comes back as a file.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from mailstead.control.moves import life
from mailstead.control.moves.models import Move, Stock
from mailstead.control.moves.plan import stock
from mailstead.control.moves.queries import inventory_of
from mailstead.control.moves.services import trying
from mailstead.control.moves.services.common import claimed, locked, note
from mailstead.control.moves.services.planning import keep_inventory, make_plan
from mailstead.control.people.actor import Actor
from mailstead.foreign.imap import untried
from mailstead.home import Home
from mailstead.standards.refusal import Refusal

DEAD_AFTER = dt.timedelta(minutes=2)
BEAT = 1.0
"""Seconds between two looks at how far the reader is."""


def home() -> Home:
    """The instance's own."""
    return Home(settings.MAILSTEAD.home)


def incoming(name: str) -> str:
    """The path of a source that was put below `moves/incoming/`; raises `Refusal`."""
    root = home().moves / "incoming"
    path = (root / name.strip().lstrip("/")).resolve()
    if path == root.resolve() or not path.is_relative_to(root.resolve()):
        raise Refusal(
            "place-outside",
            "A source must lie below {root}.",
            remedy="Put it there, and give its name.",
            root=root,
        )
    if not path.exists():
        raise Refusal(
            "place-missing",
            "There is nothing at {path}.",
            remedy="Put the archive there first.",
            path=path,
        )
    return str(path)


def listed() -> list[str]:
    """What lies below `moves/incoming/` now."""
    root = home().moves / "incoming"
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if not path.name.startswith("."))


def in_reach(place: str) -> bool:
    """Whether the worker may read it: others lie where only the system's administrator can."""
    return Path(place).is_relative_to(home().moves / "incoming")


@transaction.atomic
def ask_reading(*, actor: Actor, now: dt.datetime, move: Move) -> None:
    """Read the source, again where it was read before: try the log-ins of one that is an IMAP
    server. Raises `Refusal`."""
    locked(move)
    if move.state not in life.TABLE["plan"]:
        life.after("plan", move.state)
    if move.reading in ("asked", "reading"):
        raise Refusal("move-reading", "The source is being read already.", remedy="Wait.")
    if move.origin == "node":
        return make_plan(actor=actor, now=now, move=move)
    move.reading_total = 0
    if move.origin == "imap":
        found = trying.forgotten(inventory_of(move))
        Stock.objects.filter(move=move).update(inventory=stock.written(found))
        move.reading_total = len(untried(found))
    elif not in_reach(move.place):
        raise Refusal(
            "place-outside",
            "{path} can only be read on the server itself.",
            remedy="Run 'mailstead move read' there.",
            path=move.place,
        )
    move.reading, move.reading_words, move.reading_at = "asked", "", None
    move.reading_done = 0
    move.save()
    note(actor, now, move, "read")
    return None


def read_now(move: Move) -> None:
    """Read the source at once, by whoever is at the keyboard of the server. Raises `Refusal`."""
    if move.origin == "imap":
        trying.try_all(move)
        return
    Move.objects.filter(pk=move.pk).update(reading="reading", reading_at=dt.datetime.now(dt.UTC))
    _read_or_tell(move)


def read_due(now: dt.datetime) -> int:
    """Read the source that waits longest, to its end; returns how many were read."""
    dead = Q(reading="reading", reading_at__lt=now - DEAD_AFTER)
    due = Move.objects.filter(Q(reading="asked") | dead).exclude(origin="imap")
    move = due.order_by("pk").first()
    if move is None:
        return 0
    if not claimed(move, now):
        return 0
    with suppress(Refusal):
        _read_or_tell(move)
    return 1


def _read_or_tell(move: Move) -> None:
    """Read it; why it cannot be read stands at the move too. Raises `Refusal`."""
    try:
        _read(move)
    except Refusal as refusal:
        Move.objects.filter(pk=move.pk).update(
            reading="failed", reading_words=refusal.sentence[:1000]
        )
        raise


def staging(move: Move) -> Path:
    """Where the mail of an archive is unpacked; nobody else may look into it."""
    return home().moves / "staging" / str(move.pk)


def _read(move: Move) -> None:
    place = staging(move)
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)
    command = [sys.executable, "-m", "mailstead.control.moves.reader", move.place, str(place)]
    command += [move.account] if move.account else []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        while child.poll() is None:
            _beat(move, place)
            time.sleep(BEAT)
        errors = child.stderr.read().decode("utf-8", "replace") if child.stderr else ""
    result = place / "result.json"
    if child.returncode != 0 or not result.exists():
        raise Refusal(
            "reader-failed",
            "The source cannot be read: {why}",
            remedy="See whether the archive is whole.",
            why=errors.strip()[-600:] or f"the reader ended with {child.returncode}",
        )
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    if "refused" in found:
        raise Refusal("source-refused", str(found["refused"]))
    Move.objects.filter(pk=move.pk).update(root=str(found["root"])[:500])
    move.refresh_from_db()
    inventory = stock.read((place / stock.FILE).read_bytes())
    now = dt.datetime.now(dt.UTC)
    keep_inventory(actor=Actor.system(), now=now, move=move, inventory=inventory)


def _beat(move: Move, place: Path) -> None:
    """How far it is, and that it lives."""
    done = total = 0
    with suppress(OSError, ValueError, KeyError):
        told = json.loads((place / "progress.json").read_text(encoding="utf-8"))
        done, total = int(told["done"]), int(told["total"])
    Move.objects.filter(pk=move.pk).update(
        reading_at=dt.datetime.now(dt.UTC), reading_done=done, reading_total=total
    )
