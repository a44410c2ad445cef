"""What people have said about mailboxes that looked stolen, as the guard asks the directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mailstead.mailplane.directory.reader import Reader
from mailstead.wire.changes import GuardWordPut

_DECODER = msgspec.json.Decoder(GuardWordPut)


class GuardWords:
    """Reads the things of kind `guard-word`.

    Raises `sqlite3.Error` when the directory cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._reader = Reader(path)
        self._version: object = None
        self._words: dict[str, GuardWordPut] = {}

    def all(self) -> dict[str, GuardWordPut]:
        """By mailbox; read anew when the directory has changed."""
        # Of this connection: after an error there is a new one, which counts anew.
        before, self._version = self._version, None
        version = self._reader.rows("PRAGMA data_version", ())[0]
        if version != before:
            rows = self._reader.rows("SELECT body FROM thing WHERE kind = 'guard-word'", ())
            self._words = {put.mailbox: put for put in (_DECODER.decode(row[0]) for row in rows)}
        self._version = version
        return self._words
