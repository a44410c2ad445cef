"""How the guard opens its files and writes to them; one writer, the guard."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

MOST_WAITING = 25_000
"""Pages that may wait for `settle`; then whoever writes the next one does its work."""
_FEW = 100
_TURNS = 3


def opened(path: Path, tables: str, page: int = 4096) -> sqlite3.Connection:
    """A SQLite file with these tables, made where it is missing; raises `sqlite3.Error`.

    `page`: octets of each page of a new file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=5, isolation_level=None)
    db.execute(f"PRAGMA page_size={page}")
    db.execute("PRAGMA journal_mode=WAL")
    # A commit survives the end of the process; the disk is not waited for.
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute(f"PRAGMA wal_autocheckpoint={MOST_WAITING}")
    db.executescript(tables)
    return db


def reading(path: Path) -> sqlite3.Connection:
    """The same for a look from another process, which writes nothing."""
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)


def written(path: Path) -> tuple[int, ...]:
    """Another one as soon as something was written to a file that is there, or beside it (WAL)."""
    parts = (path, path.with_name(f"{path.name}-wal"))
    stats = [part.stat() for part in parts if part.exists()]
    return tuple(number for stat in stats for number in (stat.st_size, stat.st_mtime_ns))


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All that is done inside the block, or nothing of it."""
    db.execute("BEGIN IMMEDIATE")
    whole = False
    try:
        yield
        db.execute("COMMIT")
        whole = True
    finally:
        if not whole:
            db.execute("ROLLBACK")


def settle(path: Path) -> None:
    """Put what was written beside a file (its WAL) into the file itself, but for a few pages.

    Waits for the disk: not for where somebody waits for an answer. Raises `sqlite3.Error`.
    """
    with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as db:
        for _ in range(_TURNS):
            # Others write meanwhile: the next turn has less to do.
            _, pages, done = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages - done < _FEW:
                return
