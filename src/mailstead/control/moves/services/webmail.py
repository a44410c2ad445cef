"""What mailboxes had in their old webmail, put into a Roundcube of our own."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
from django.db import transaction

from mailstead.control.moves.models import Move, Webmail
from mailstead.control.moves.services.common import note
from mailstead.control.people.actor import Actor
from mailstead.foreign import inventory as found
from mailstead.foreign.roundcube import into_sqlite
from mailstead.foreign.roundcube.write import Added
from mailstead.standards.refusal import Refusal


@transaction.atomic
def put_webmail(
    *, actor: Actor, now: dt.datetime, move: Move, database: Path, host: str
) -> list[tuple[str, Added]]:
    """Put contacts, groups, senders and texts of a move's mailboxes into a Roundcube's SQLite file.

    What is there already stays as it is, so it may be done again. `host` is the IMAP server as that
    Roundcube's configuration calls it. Returns each mailbox with how many rows are new. Raises
    `Refusal` (`roundcube-missing`, `roundcube-other`).
    """
    if not database.is_file():
        raise Refusal(
            "roundcube-missing",
            "There is no Roundcube's file at {path}.",
            remedy="Open its page once, which makes it, and name the file of 'db_dsnw'.",
            path=str(database),
        )
    kept = Webmail.objects.filter(move=move, mailbox__removed_at=None)
    done = []
    try:
        with closing(sqlite3.connect(database, timeout=20)) as file:
            for one in kept.select_related("mailbox__domain").order_by("mailbox"):
                address = one.mailbox.address
                web = msgspec.json.decode(one.found, type=found.Webmail)
                added = into_sqlite(file, web, user=address, host=host, now=now)
                done.append((address, added))
    except sqlite3.Error as error:
        raise Refusal(
            "roundcube-other",
            "The file at {path} is not the database of a Roundcube 1.6: {fault}.",
            remedy="Name the SQLite file of a Roundcube 1.6 or newer.",
            path=str(database),
            fault=str(error)[:200],
        ) from error
    total = {"mailboxes": len(done), "rows": sum(sum(added) for _, added in done)}
    note(actor, now, move, "put-webmail", after=total)
    return done
