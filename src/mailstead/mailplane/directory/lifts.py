"""Blocks of log-ins that somebody has lifted, as the guard reads them in the node's directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mailstead.mailplane.directory.reader import Reader
from mailstead.wire.changes import BlockLiftPut

_DECODER = msgspec.json.Decoder(BlockLiftPut)


def lift_key(client: str, account: str) -> str:
    """The key of a lift; a client has no blank."""
    return f"{client} {account}"


class LiftBook:
    """Reads the things of kind `block-lift`.

    Raises `sqlite3.Error` when the directory cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._reader = Reader(path)

    def all(self) -> list[tuple[str, BlockLiftPut]]:
        """Each with its key."""
        rows = self._reader.rows("SELECT key, body FROM thing WHERE kind = 'block-lift'", ())
        return [(key, _DECODER.decode(body)) for key, body in rows]
