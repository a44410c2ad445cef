"""A reader of the node's directory that outlives a directory which is put aside and built anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Reader:
    """One connection, opened when it is needed; raises `sqlite3.Error` when it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._openings = 0

    def version(self) -> tuple[int, int]:
        """Another one after each change of the directory (`PRAGMA data_version`)."""
        found: int = self.rows("PRAGMA data_version", ())[0][0]
        return self._openings, found

    def rows(self, query: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
        """The rows that a query finds."""
        if self._db is None:
            self._db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=5)
            self._openings += 1
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error:
            # Perhaps the agent has put a damaged directory aside: look for the new one next time.
            self._db.close()
            self._db = None
            raise
