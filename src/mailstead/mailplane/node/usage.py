"""Storage in use, as Dovecot's quota_clone writes it: what changed since the last look."""

from __future__ import annotations

import sqlite3
from pathlib import Path


class UsageReader:
    """Reads the table `usage` when its file has changed; remembers what it has seen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[str, tuple[int, int]] = {}
        self._stamp: tuple[int, int] = (0, 0)

    def changed(self) -> dict[str, tuple[int, int]]:
        """Address → bytes and messages, for mailboxes whose usage differs from the last look."""
        stamp = self._stamps()
        if stamp == self._stamp:
            return {}
        self._stamp = stamp
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=5)
        try:
            rows = connection.execute("SELECT username, bytes, messages FROM usage").fetchall()
        except sqlite3.OperationalError:
            # Locked or not made yet: the next look sees it.
            self._stamp = (0, 0)
            return {}
        finally:
            connection.close()
        now = {name: (int(size or 0), int(count or 0)) for name, size, count in rows}
        changed = {name: value for name, value in now.items() if self._seen.get(name) != value}
        self._seen = now
        return changed

    def _stamps(self) -> tuple[int, int]:
        def stamp(path: Path) -> int:
            try:
                return path.stat().st_mtime_ns
            except FileNotFoundError:
                return 0

        return stamp(self._path), stamp(self._path.with_name(self._path.name + "-wal"))
