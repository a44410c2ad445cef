"""How the guard opens its files and writes to them; one writer, the guard."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def opened(path: Path, tables: str) -> sqlite3.Connection:
    """A SQLite file with these tables, made where it is missing; raises `sqlite3.Error`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=5, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    # A commit survives the end of the process; the disk is not waited for.
    db.execute("PRAGMA synchronous=NORMAL")
    db.executescript(tables)
    return db


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
