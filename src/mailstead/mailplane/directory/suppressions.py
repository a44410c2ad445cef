"""Recipients to whom a mailbox does not write, as the guard asks the node's directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mailstead.mailplane.directory.reader import Reader
from mailstead.mailplane.directory.state import suppression_key
from mailstead.wire.changes import SuppressionPut

_DECODER = msgspec.json.Decoder(SuppressionPut)


class SuppressionBook:
    """Reads the things of kind `suppression`.

    Raises `sqlite3.Error` when the directory cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._reader = Reader(path)

    def of(self, mailbox: str, recipient: str) -> SuppressionPut | None:
        """That of the pair, which may be over by now; addresses in lower case."""
        query = "SELECT body FROM thing WHERE kind = 'suppression' AND key = ?"
        rows = self._reader.rows(query, (suppression_key(mailbox, recipient),))
        return _DECODER.decode(rows[0][0]) if rows else None
