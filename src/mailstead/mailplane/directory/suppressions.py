"""Recipients to whom a mailbox does not write: how the guard asks the node's directory."""

from __future__ import annotations

import sqlite3

import msgspec

from mailstead.mailplane.directory.state import suppression_key
from mailstead.wire.changes import SuppressionPut

_DECODER = msgspec.json.Decoder(SuppressionPut)


def suppression_of(
    connection: sqlite3.Connection, mailbox: str, recipient: str
) -> SuppressionPut | None:
    """The suppression of that pair, which may be over by now; addresses in lower case."""
    row = connection.execute(
        "SELECT body FROM thing WHERE kind = 'suppression' AND key = ?",
        (suppression_key(mailbox, recipient),),
    ).fetchone()
    return _DECODER.decode(row[0]) if row else None
