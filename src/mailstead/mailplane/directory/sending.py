"""Who may send how much, as the guard asks the node's directory."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mailstead.wire.sending import Account, Ceilings


class DomainSending(msgspec.Struct, frozen=True, array_like=True):
    """The row of a domain: what each of its mailboxes may send, and who they are counted with."""

    mailbox: Ceilings
    accounts: tuple[Account, ...]


def body(row: DomainSending | Ceilings) -> str:
    """A row as the directory keeps it."""
    return msgspec.json.encode(row).decode()


@dataclass(frozen=True)
class Sending:
    """What holds for one mailbox."""

    mailbox: Ceilings
    accounts: tuple[Account, ...]


_domain = msgspec.json.Decoder(DomainSending)
_own = msgspec.json.Decoder(Ceilings)


class SendingBook:
    """Reads the answers of the map `sending`.

    Raises `sqlite3.Error` when the directory cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    def of(self, address: str) -> Sending:
        """What a mailbox may send; one of a domain that is not here has no limits."""
        domain = address.rpartition("@")[2]
        rows = dict(self._rows(address, domain))
        whole = _domain.decode(rows[domain]) if domain in rows else DomainSending(Ceilings(), ())
        own = _own.decode(rows[address]) if address in rows else Ceilings()
        return Sending(own.over(whole.mailbox), whole.accounts)

    def _rows(self, address: str, domain: str) -> list[tuple[str, str]]:
        if self._db is None:
            self._db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=5)
        try:
            return self._db.execute(
                "SELECT key, value FROM answer WHERE map = 'sending' AND key IN (?, ?)",
                (address, domain),
            ).fetchall()
        except sqlite3.Error:
            # Perhaps the agent has put a damaged directory aside: look for the new one next time.
            self._db.close()
            self._db = None
            raise
