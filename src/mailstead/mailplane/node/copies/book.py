"""What the node remembers of its copies: how far each is, and what it has seen of each folder.

One SQLite file, `<home>/agent/copies.db`. What it says was done is safe on disk before it is said;
what it does not say may have been done in part, which the next run finds out by looking.
"""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mailstead.home import Home

_TABLES = """
CREATE TABLE IF NOT EXISTS job (
  job INTEGER PRIMARY KEY, round INTEGER NOT NULL, state TEXT NOT NULL, words TEXT NOT NULL,
  seconds REAL NOT NULL, installed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS folder (
  job INTEGER NOT NULL, folder TEXT NOT NULL, target TEXT NOT NULL, signature TEXT NOT NULL,
  validity INTEGER NOT NULL, seen BLOB NOT NULL, PRIMARY KEY (job, folder)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS remembered (
  job INTEGER NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (job, name)) WITHOUT ROWID;
"""

Flags = dict[str, str]
"""Message (its name without flags) to its flags, as `fill.canonical` writes them."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How far a copy is, as its process writes it into the book."""

    round: int
    state: str
    messages: int = 0
    messages_all: int = 0
    octets: int = 0
    octets_all: int = 0
    folder: str = ""
    seconds: float = 0.0
    words: str = ""
    uids_kept: bool = True


def book_path(home: Home) -> Path:
    """Where the node remembers its copies."""
    return home.event_spool.parent / "copies.db"


@dataclass(frozen=True)
class Job:
    """How far a copy is."""

    round: int = 0
    state: str = "waiting"
    words: str = ""
    seconds: float = 0.0
    installed: bool = False
    """Whether its mail lies in the mailbox, and not only beside it."""


@dataclass(frozen=True)
class Seen:
    """One folder as it was when it was last brought over."""

    target: str
    signature: str
    validity: int
    packed: bytes

    def flags(self) -> Flags:
        """The messages that were there."""
        text = zlib.decompress(self.packed).decode("utf-8", "surrogateescape")
        rows = (line.split("\t", 1) for line in text.split("\n") if line)
        return {row[0]: row[1] for row in rows}


def pack(flags: Flags) -> bytes:
    """The messages of a folder, small; a name with a line's end cannot be one of Dovecot's."""
    text = "".join(f"{base}\t{words}\n" for base, words in flags.items() if "\n" not in base)
    return zlib.compress(text.encode("utf-8", "surrogateescape"), 1)


class Book:
    """The file; its writers are the agent and the process of each copy, each for its own rows."""

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

    def job(self, job: int) -> Job:
        """How far a copy is; one that was never begun is in round 0."""
        row = self._db.execute(
            "SELECT round, state, words, seconds, installed FROM job WHERE job = ?", (job,)
        ).fetchone()
        return Job(row[0], row[1], row[2], row[3], bool(row[4])) if row else Job()

    def jobs(self) -> list[int]:
        """All that it knows."""
        return [row[0] for row in self._db.execute("SELECT job FROM job ORDER BY job")]

    def set_state(
        self, job: int, number: int, state: str, words: str = "", seconds: float = 0.0
    ) -> None:
        """Note how far a copy is."""
        self._db.execute(
            "INSERT INTO job VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (job) DO UPDATE SET "
            "round = excluded.round, state = excluded.state, words = excluded.words, "
            "seconds = excluded.seconds",
            (job, number, state, words, seconds),
        )

    def finish(
        self,
        job: int,
        number: int,
        state: str,
        words: str,
        seconds: float,
        values: dict[str, bytes],
    ) -> None:
        """Note that a run is over, with what it has to tell, all or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        self.set_state(job, number, state, words, seconds)
        for name, value in values.items():
            self.set_value(job, name, value)
        self._db.execute("COMMIT")

    def set_installed(self, job: int) -> None:
        """Its mail lies in the mailbox now."""
        self._db.execute("UPDATE job SET installed = 1 WHERE job = ?", (job,))

    def seen(self, job: int) -> dict[str, Seen]:
        """Its folders by the source's name."""
        rows = self._db.execute(
            "SELECT folder, target, signature, validity, seen FROM folder WHERE job = ?", (job,)
        )
        return {row[0]: Seen(*row[1:]) for row in rows}

    def see(self, job: int, folders: dict[str, Seen]) -> None:
        """Note folders that are safe on disk."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT OR REPLACE INTO folder VALUES (?, ?, ?, ?, ?, ?)",
            [
                (job, name, one.target, one.signature, one.validity, one.packed)
                for name, one in folders.items()
            ],
        )
        self._db.execute("COMMIT")

    def unsee(self, job: int, folder: str) -> None:
        """Forget a folder that the source has no more."""
        self._db.execute("DELETE FROM folder WHERE job = ? AND folder = ?", (job, folder))

    def value(self, job: int, name: str) -> bytes:
        """A value that was remembered; empty where there is none."""
        row = self._db.execute(
            "SELECT value FROM remembered WHERE job = ? AND name = ?", (job, name)
        ).fetchone()
        return bytes(row[0]) if row else b""

    def set_value(self, job: int, name: str, value: bytes) -> None:
        """Remember a value."""
        self._db.execute("INSERT OR REPLACE INTO remembered VALUES (?, ?, ?)", (job, name, value))

    def forget_looks(self, job: int) -> None:
        """What was remembered so that it need not be looked at again does not hold any more."""
        self._db.execute(
            "DELETE FROM remembered WHERE job = ? AND "
            "(name = 'raw' OR name LIKE 'imap %' OR name LIKE 'count %')",
            (job,),
        )

    def forget(self, job: int) -> None:
        """Forget a copy altogether."""
        self._db.execute("BEGIN IMMEDIATE")
        for table in ("job", "folder", "remembered"):
            self._db.execute(f"DELETE FROM {table} WHERE job = ?", (job,))
        self._db.execute("COMMIT")
