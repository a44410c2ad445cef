"""Which mailboxes may be too full for the next message: Postfix's map `tight`.

Dovecot's quota-status opens a mailbox to say whether a message fits, which costs as much as half a
delivery. So it is asked only about mailboxes that have less room left than the largest message
needs (docs/decisions/0014). A mailbox that is missing here for a moment takes mail at RCPT; LMTP
then puts the message off, and it stays in the queue.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import closing

from mailstead.home import Home
from mailstead.mailplane.engines.postfix.control import Postmap
from mailstead.mailplane.engines.postfix.model import ROOM, TIGHT

_AT_ONCE = 500
"""Addresses in one query; SQLite takes 32,766 parameters."""
_QUERY = (
    "SELECT login.address FROM login LEFT JOIN used.usage ON username = address "
    "WHERE quota > 0 AND quota - COALESCE(bytes, 0) < ?"
)


class Room:
    """Compares quotas and usage, and writes the map; may be called from several threads."""

    def __init__(self, home: Home, maps: Postmap, largest: int) -> None:
        self._home = home
        self._maps = maps
        self._largest = largest
        """Bytes of the largest message that is accepted."""
        self._lock = threading.Lock()
        self._known: set[str] | None = None
        """What the map holds; None: look at all of it."""

    def look_at_all(self) -> None:
        """Bring the whole map to what is. Raises `EngineError`, `sqlite3.Error`."""
        with self._lock, closing(self._open()) as reader:
            self._look_at_all(reader)

    def look_at(self, addresses: Collection[str]) -> None:
        """Bring the map to what is for these mailboxes. Raises as `look_at_all`."""
        if not addresses and self._known is not None:
            return
        with self._lock, closing(self._open()) as reader:
            if self._known is None:
                self._look_at_all(reader)
            else:
                found = set(self._tight_of(reader, sorted(addresses)))
                self._change(self._known, found, self._known.intersection(addresses) - found)

    def _look_at_all(self, reader: sqlite3.Connection) -> None:
        found = {address for (address,) in reader.execute(_QUERY, (self._largest,))}
        known = set(self._maps.dump(TIGHT))
        self._change(known, found, known - found)

    def _open(self) -> sqlite3.Connection:
        path = f"file:{self._home.directory_database}?mode=ro"
        reader = sqlite3.connect(path, uri=True, timeout=20)
        reader.execute("ATTACH ? AS used", (f"file:{self._home.usage_database}?mode=ro",))
        return reader

    def _tight_of(self, reader: sqlite3.Connection, addresses: list[str]) -> Iterator[str]:
        for start in range(0, len(addresses), _AT_ONCE):
            some = addresses[start : start + _AT_ONCE]
            query = f"{_QUERY} AND address IN ({', '.join('?' * len(some))})"
            yield from (address for (address,) in reader.execute(query, (self._largest, *some)))

    def _change(self, known: set[str], tight: set[str], roomy: set[str]) -> None:
        more = tight - known
        # What the map holds is not known while this is under way, or when it fails.
        self._known = None
        if more or roomy:
            self._maps.update(TIGHT, dict.fromkeys(more, ROOM), roomy)
        self._known = (known | more) - roomy
