"""Which mailboxes were opened with a password known from leaks: told once for each password.

Files: `<home>/agent/breached.json` holds the numbers of the credentials that were told, with their
    mailboxes; those that no longer open one go when the next is added.
Known limits: an agent that is killed between the spool and its note tells one twice. Where the
    spool is full it is told at the next log-in.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing

from mailstead.home import Home
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.sign_in_lines import Leaked
from mailstead.wire.events import BreachedPasswordSeen


class BreachedBook:
    """What was told; one user, the agent's reporter."""

    def __init__(self, home: Home) -> None:
        self._directory = home.directory_database
        self._file = home.event_spool.parent / "breached.json"
        self._told = self._noted()

    def _noted(self) -> dict[int, str]:
        try:
            plain = json.loads(self._file.read_text(encoding="ascii"))
            return {int(credential): str(address) for credential, address in plain.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def take(self, leaked: Iterable[Leaked], spool: EventSpool) -> None:
        """Tell those that are new; raises `sqlite3.Error`, `OSError`."""
        new = {one.credential: one for one in leaked if one.credential not in self._told}
        if not new or spool.room() < len(new):
            return
        spool.add([_event(one) for one in new.values()])
        self._told |= {number: one.address for number, one in new.items()}
        self._told = {number: self._told[number] for number in sorted(self._still_open())}
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self._told), encoding="ascii")
        part.replace(self._file)

    def _still_open(self) -> Iterable[int]:
        """Those of them that are their mailbox's password now."""
        path = f"file:{self._directory}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=5)) as reader:
            for number, address in self._told.items():
                row = reader.execute(
                    "SELECT 1 FROM login WHERE address = ? AND smtp_user = ?",
                    (address, f"{address}/{number}"),
                ).fetchone()
                if row:
                    yield number


def _event(one: Leaked) -> BreachedPasswordSeen:
    number, _ = EventSpool.identity()
    return BreachedPasswordSeen(
        id=number, at=one.at, mailbox=one.address, credential=one.credential
    )
