"""What the node remembers of its returns: each message, and whether the old server has it.

One SQLite file, `<home>/agent/returns.db`. A message is known by the SHA-256 of its text: however
often it lies in the mailbox, it is brought back once. It is `handing` (by SMTP) or `appending` (by
IMAP) from before the old server can have taken it until it has said so; whoever finds it so after a
run that was ended does not know which, and must not hand it over once more.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_TABLES = """
CREATE TABLE IF NOT EXISTS job (
  job INTEGER PRIMARY KEY, round INTEGER NOT NULL, state TEXT NOT NULL, status BLOB NOT NULL,
  told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS item (
  job INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, folder TEXT NOT NULL,
  base TEXT NOT NULL, state TEXT NOT NULL, words TEXT NOT NULL,
  PRIMARY KEY (job, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS name (
  job INTEGER NOT NULL, base TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (job, base)) WITHOUT ROWID;
"""

Kind = Literal["arrived", "saved"]
ItemState = Literal["found", "handing", "appending", "returned", "refused", "doubtful", "gone"]
"""`doubtful`: a run was ended while the old server was taking it. `gone`: its user has deleted it
here before it was returned."""


@dataclass(frozen=True)
class Item:
    """One message that the old server should have."""

    key: str
    kind: Kind
    folder: str
    """Where it lies here: decoded, `/` between levels."""
    base: str
    """Its file's name without flags."""
    state: ItemState = "found"
    words: str = ""


class BringBackBook:
    """The file; its writers are the agent and the process of each return, each for its own rows."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_TABLES)
        path.chmod(0o600)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def job(self, job: int) -> tuple[int, str, bytes, str]:
        """Round, state, status and what was told of a return; round 0: it was never begun."""
        row = self._db.execute(
            "SELECT round, state, status, told FROM job WHERE job = ?", (job,)
        ).fetchone()
        return (row[0], row[1], bytes(row[2]), row[3]) if row else (0, "waiting", b"", "")

    def jobs(self) -> list[int]:
        """All that it knows."""
        return [row[0] for row in self._db.execute("SELECT job FROM job ORDER BY job")]

    def set_status(self, job: int, number: int, state: str, status: bytes) -> None:
        """Note how far a return is."""
        self._db.execute(
            "INSERT INTO job VALUES (?, ?, ?, ?, '') ON CONFLICT (job) DO UPDATE SET "
            "round = excluded.round, state = excluded.state, status = excluded.status",
            (job, number, state, status),
        )

    def set_told(self, job: int, told: str) -> None:
        """The control plane will hear of this."""
        self._db.execute("UPDATE job SET told = ? WHERE job = ?", (told, job))

    def names(self, job: int) -> dict[str, str]:
        """Files that were looked at, and the message that each is; empty: none to be returned."""
        rows = self._db.execute("SELECT base, key FROM name WHERE job = ?", (job,))
        return dict(rows.fetchall())

    def items(self, job: int) -> list[Item]:
        """All messages of a return, those that came first at the beginning."""
        rows = self._db.execute(
            "SELECT key, kind, folder, base, state, words FROM item WHERE job = ?", (job,)
        )
        return [Item(*row) for row in rows]

    def find(self, job: int, names: dict[str, str], items: list[Item]) -> None:
        """Note what a look has found, all or nothing; what is known keeps its state."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT OR REPLACE INTO name VALUES (?, ?, ?)",
            [(job, base, key) for base, key in names.items()],
        )
        self._db.executemany(
            "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job, key) DO UPDATE SET "
            "folder = excluded.folder, base = excluded.base, "
            "state = CASE item.state WHEN 'gone' THEN 'found' ELSE item.state END",
            [(job, one.key, one.kind, one.folder, one.base, one.state, one.words) for one in items],
        )
        self._db.execute("COMMIT")

    def set_item(self, job: int, key: str, state: ItemState, words: str = "") -> None:
        """Note what became of a message; it is on the disk when this returns.

        But for `returned`, which is there with whatever is noted next: a machine that loses power
        before that takes the message for one of which the answer is not known.
        """
        lazy = state == "returned"
        if lazy:
            self._db.execute("PRAGMA synchronous=NORMAL")
        try:
            self._db.execute(
                "UPDATE item SET state = ?, words = ? WHERE job = ? AND key = ?",
                (state, words, job, key),
            )
        finally:
            if lazy:
                self._db.execute("PRAGMA synchronous=FULL")

    def forget(self, job: int) -> None:
        """Forget a return altogether."""
        self._db.execute("BEGIN IMMEDIATE")
        for table in ("job", "item", "name"):
            self._db.execute(f"DELETE FROM {table} WHERE job = ?", (job,))
        self._db.execute("COMMIT")
