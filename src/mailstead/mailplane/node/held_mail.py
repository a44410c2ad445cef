"""Mail that waited while its domain changed the server is tried again as soon as it may go.

Purpose: a hold lasts seconds; without this, what it met would wait for its next turn in Postfix's
    queue, a minute or more.
Files: reads the directory; looks at Postfix's queue and has qmgr(8) try single messages.
Known limits: qmgr(8) remembers for up to half a minute where an address went last, so a message may
    be told to wait once more. After some minutes it is tried as any other.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable
from contextlib import closing

import msgspec
import structlog

from mailstead.home import Home
from mailstead.mailplane.directory.compile import HELD
from mailstead.mailplane.directory.reader import Reader
from mailstead.mailplane.engines.postfix import queue
from mailstead.mailplane.engines.processes import EngineError
from mailstead.wire.changes import AnyChange, DomainPut

LOOK_EVERY = 3.0
PATIENCE = 45.0
"""Seconds after the last message that could go in which another may be told to wait once more."""
MOST = 300.0
"""Seconds after the end of a hold in which its mail is looked for."""

log = structlog.get_logger("held-mail")


class HeldMail:
    """`heard` is called by the thread that follows the feed, `run` has its own."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._reader = Reader(home.directory_database)
        self._held: set[str] = set()
        self._until = self._most = 0.0
        """Until when to look, and until when at most, on the monotonic clock."""
        # A hold may have ended while no agent ran.
        self.look()

    def heard(self, changes: Iterable[AnyChange]) -> None:
        """The directory has these changes."""
        for change in changes:
            if not isinstance(change, DomainPut):
                continue
            if change.held:
                self._held.add(change.name)
            elif change.name in self._held:
                self._held.discard(change.name)
                self.look(PATIENCE)

    def look(self, seconds: float = 0.0) -> None:
        """A hold may have ended: look, and go on for so long although nothing is found."""
        now = time.monotonic()
        self._until, self._most = max(self._until, now + seconds), now + MOST

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop."""
        looked = 0.0
        while not stopping.wait(LOOK_EVERY if looked <= self._until else 1.0):
            if self._until < looked:
                continue
            looked = time.monotonic()
            try:
                again = self.once() > 0
            except (EngineError, OSError, sqlite3.Error, msgspec.MsgspecError) as error:
                log.warning("cannot look for mail that waited", words=str(error))
                again = True
            if again:
                self._until = min(looked + PATIENCE, self._most)

    def once(self) -> int:
        """Have what may go tried now; returns how many messages. Raises `EngineError`, `OSError`,
        `sqlite3.Error`."""
        waiting: dict[str, set[str]] = {}
        with closing(queue.messages(self._home)) as rows:
            for row in rows:
                for one in row["recipients"]:
                    if HELD in one.get("delay_reason", ""):
                        domain = one["address"].rpartition("@")[2].lower()
                        waiting.setdefault(domain, set()).add(row["queue_id"])
        free = sorted({n for name, ids in waiting.items() if not self._is_held(name) for n in ids})
        if free:
            queue.try_now(self._home, free)
            log.info("tried what waited", messages=len(free))
        return len(free)

    def _is_held(self, domain: str) -> bool:
        found = self._reader.rows(
            "SELECT body FROM thing WHERE kind = 'domain' AND key = ?", (domain,)
        )
        return any(msgspec.json.decode(body, type=DomainPut).held for (body,) in found)
