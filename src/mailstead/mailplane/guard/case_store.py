"""Cases of mailboxes that look stolen, on disk, and what the agent has to hear of them.

Written at once, before Postfix has its answer: a message that is kept is never one that nobody
knows of. The guard is the one writer; the agent reads, and says what it has taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from mailstead.mailplane.guard.database import opened, reading, transaction
from mailstead.mailplane.guard.profile import DAY
from mailstead.wire.events import CaseSeen
from mailstead.wire.protection import CaseStep

KEEP_CLOSED = 90 * DAY
KEEP_ATTEMPTS = DAY
"""For which a message that has gone can be taken back, where it still waits."""
_TABLES = """
CREATE TABLE IF NOT EXISTS stolen (
  mailbox TEXT PRIMARY KEY, raw BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS untold (number INTEGER PRIMARY KEY AUTOINCREMENT, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS attempt (
  queue TEXT PRIMARY KEY, mailbox TEXT NOT NULL, at REAL NOT NULL, client TEXT NOT NULL,
  recipients INTEGER NOT NULL, gone INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS attempt_mailbox ON attempt (mailbox, at);
"""


class Clue(msgspec.Struct, array_like=True):
    """What speaks for a theft."""

    signal: str
    nats: float
    at: float
    facts: str = ""


class Case(msgspec.Struct):
    """The newest case of a mailbox."""

    case: str
    mailbox: str
    opened: float
    step: CaseStep
    nats: float
    """The most evidence that there was."""
    clues: list[Clue] = []
    held: int = 0
    at: float = 0.0
    """When anything was last added."""

    @property
    def is_open(self) -> bool:
        """Whether mail is kept or refused for it."""
        return self.step in ("hold", "suspended")


class Attempt(msgspec.Struct, frozen=True, array_like=True):
    """A message against which something spoke."""

    queue: str
    mailbox: str
    at: float
    client: str
    recipients: int
    gone: bool
    """It was let through."""


class Told(msgspec.Struct, frozen=True, tag="told"):
    """How a case stands, for the control plane."""

    seen: CaseSeen
    pull: tuple[str, ...] = ()
    """Messages that went before, which are to be taken back where they still wait."""


class Kept(msgspec.Struct, frozen=True, tag="kept"):
    """A message was answered with HOLD; it is in the hold queue when its client has sent it."""

    case: str
    mailbox: str
    queue: str
    at: float
    client: str


Untold = Told | Kept
_READ = msgspec.json.Decoder(Untold)
_CASE = msgspec.msgpack.Decoder(Case)


def read_untold(raw: bytes) -> Untold:
    """One of what is untold; raises `msgspec.MsgspecError`."""
    one: Untold = _READ.decode(raw)
    return one


class CaseStore:
    """The file; raises `sqlite3.Error` when it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._db = opened(path, _TABLES)

    @classmethod
    def reading(cls, path: Path) -> CaseStore:
        """For a look from another process, which writes nothing."""
        made = cls.__new__(cls)
        made._db = reading(path)
        return made

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def put(self, case: Case, untold: Sequence[Untold] = ()) -> None:
        """Keep a case and what the agent has to hear, both or neither."""
        with transaction(self._db):
            self._db.execute(
                "INSERT OR REPLACE INTO stolen VALUES (?, ?, ?)",
                (case.mailbox, msgspec.msgpack.encode(case), int(case.at)),
            )
            self._db.executemany(
                "INSERT INTO untold (raw) VALUES (?)",
                [(msgspec.json.encode(one),) for one in untold],
            )

    def case(self, mailbox: str) -> Case | None:
        """The newest case of a mailbox; None: there was none."""
        row = self._db.execute("SELECT raw FROM stolen WHERE mailbox = ?", (mailbox,)).fetchone()
        return _CASE.decode(row[0]) if row else None

    def cases(self, limit: int = -1) -> list[Case]:
        """The newest ones first."""
        rows = self._db.execute(
            "SELECT raw FROM stolen ORDER BY at DESC, mailbox LIMIT ?", (limit,)
        ).fetchall()
        return [_CASE.decode(raw) for (raw,) in rows]

    def untold(self, limit: int) -> list[tuple[int, bytes]]:
        """What the agent has not taken yet, the oldest first (`read_untold`)."""
        rows = self._db.execute("SELECT number, raw FROM untold ORDER BY number LIMIT ?", (limit,))
        return [(number, raw) for number, raw in rows]

    def taken(self, numbers: Sequence[int], pulled: Sequence[str]) -> dict[str, int]:
        """The agent has these, and those messages have not gone; how many of each mailbox."""
        found: dict[str, int] = {}
        with transaction(self._db):
            self._db.executemany(
                "DELETE FROM untold WHERE number = ?", [(number,) for number in numbers]
            )
            for queue in pulled:
                row = self._db.execute(
                    "UPDATE attempt SET gone = 0 WHERE queue = ? AND gone RETURNING mailbox",
                    (queue,),
                ).fetchone()
                if row is not None:
                    found[row[0]] = found.get(row[0], 0) + 1
        return found

    def keep_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Remember what was sent."""
        with transaction(self._db):
            self._db.executemany(
                "INSERT OR REPLACE INTO attempt VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (one.queue, one.mailbox, one.at, one.client, one.recipients, one.gone)
                    for one in attempts
                ],
            )

    def attempts(self, mailbox: str, since: float) -> list[Attempt]:
        """What was sent from a mailbox, the oldest first."""
        rows = self._db.execute(
            "SELECT queue, mailbox, at, client, recipients, gone FROM attempt "
            "WHERE mailbox = ? AND at >= ? ORDER BY at",
            (mailbox, since),
        )
        return [
            Attempt(queue, mailbox, at, client, recipients, bool(gone))
            for queue, mailbox, at, client, recipients, gone in rows
        ]

    def forget(self, mailbox: str) -> None:
        """A mailbox is gone."""
        for table in ("stolen", "attempt"):
            self._db.execute(f"DELETE FROM {table} WHERE mailbox = ?", (mailbox,))

    def prune(self, at: float) -> None:
        """Forget what is long over; never a case that is open."""
        self._db.execute("DELETE FROM attempt WHERE at < ?", (at - KEEP_ATTEMPTS,))
        for case in self.cases():
            if not case.is_open and case.at < at - KEEP_CLOSED:
                self.forget(case.mailbox)
