"""Sign-ins: who logged in, from where, by what, with which password; read in the engines' logs.

Log-ins of one mailbox by one protocol from one address with one password are added up, so that a
client which comes every minute is one line; the control plane hears of it every ten seconds.

Files: reads `<home>/log/dovecot.log` and `postfix.log`; `<home>/agent/sign-ins.json` holds how far.
Known limits: SMTP is seen when a message is sent, not at the log-in. Only log-ins of addresses that
    have a mailbox count. At most `MOST` sums wait; beyond, new ones are left out until some have
    been told, and the agent's log says how many. An agent that is killed between the spool and
    its note tells ten seconds twice.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import structlog

from mailstead.home import Home
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.sign_in_lines import (
    DovecotLines,
    Key,
    Leaked,
    PostfixLines,
    Seen,
    leaked,
)
from mailstead.mailplane.node.tail import Place, end_of, lines_since
from mailstead.wire.events import SignInSeen

MOST = 20_000

log = structlog.get_logger("sign-ins")


class _Lines(Protocol):
    def read(self, line: str, now: dt.datetime) -> Seen | None: ...


@dataclass
class _Sum:
    """How often, and when; of which store."""

    store: str
    count: int
    first: dt.datetime
    last: dt.datetime


class SignInBook:
    """What has been seen since the control plane was told; one user, the agent."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._place_file = home.event_spool.parent / "sign-ins.json"
        self._places = self._known_places()
        self._sums: dict[Key, _Sum] = {}
        self._left_out = 0
        self.leaked: list[Leaked] = []
        """Log-ins with passwords known from leaks, of what the last `read` has found."""
        self._logs: dict[str, _Lines] = {
            "dovecot.log": DovecotLines(),
            "postfix.log": PostfixLines(),
        }

    def _known_places(self) -> dict[str, Place]:
        try:
            plain = json.loads(self._place_file.read_text(encoding="ascii"))
            return {name: Place(int(inode), int(octets)) for name, (inode, octets) in plain.items()}
        except (OSError, ValueError):
            return {}

    def read(self, now: dt.datetime) -> None:
        """Take what the logs say since the last call; raises `sqlite3.Error`, `OSError`.

        What could not be taken is taken the next time.
        """
        self.leaked = []
        if not self._places:
            # The first look: what was before is not news.
            self._places = {name: end_of(self._home.log / name) for name in self._logs}
            self._note_places()
            return
        for name, reader in self._logs.items():
            place = self._places.get(name, Place(0, 0))
            lines, reached = lines_since(self._home.log / name, place)
            texts = [line.decode("utf-8", "replace") for line in lines]
            some = [seen for text in texts if (seen := reader.read(text, now)) is not None]
            self._add(some)
            if name == "dovecot.log":
                self.leaked += [one for text in texts if (one := leaked(text, now)) is not None]
            self._places[name] = reached

    def _add(self, found: list[Seen]) -> None:
        if not found:
            return
        stores = self._stores_of({seen.key.address for seen in found})
        for seen in found:
            store = stores.get(seen.key.address)
            if store is None:
                continue
            known = self._sums.get(seen.key)
            if known is not None:
                known.count += seen.count
                known.first, known.last = min(known.first, seen.at), max(known.last, seen.at)
            elif len(self._sums) < MOST:
                self._sums[seen.key] = _Sum(store, seen.count, seen.at, seen.at)
            else:
                self._left_out += seen.count

    def _stores_of(self, addresses: set[str]) -> dict[str, str]:
        path = f"file:{self._home.directory_database}?mode=ro"
        found = {}
        with closing(sqlite3.connect(path, uri=True, timeout=5)) as reader:
            for address in addresses:
                row = reader.execute(
                    "SELECT store FROM store WHERE address = ?", (address,)
                ).fetchone()
                if row:
                    found[address] = row[0]
        return found

    def tell(self, spool: EventSpool) -> None:
        """Put what was seen into the spool, and note how far the logs were read."""
        if self._left_out:
            log.warning("sign-ins left out", count=self._left_out)
            self._left_out = 0
        if not self._sums:
            return
        spool.add([_event(key, added) for key, added in self._sums.items()])
        self._sums.clear()
        self._note_places()

    def _note_places(self) -> None:
        part = self._place_file.with_suffix(".part")
        part.write_text(json.dumps(self._places), encoding="ascii")
        part.replace(self._place_file)


def _event(key: Key, added: _Sum) -> SignInSeen:
    number, _ = EventSpool.identity()
    return SignInSeen(
        id=number,
        at=added.last,
        store=added.store,
        protocol=key.protocol,  # type: ignore[arg-type]
        client=key.client,
        credential=key.credential,
        failed=key.failed,
        count=added.count,
        first=added.first,
    )
