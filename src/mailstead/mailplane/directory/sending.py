"""Who may send how much, as the guard asks the node's directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from mailstead.mailplane.directory.reader import Reader
from mailstead.wire.sending import Account, Ceilings

MOST_KNOWN = 20_000
"""Mailboxes whose answers are remembered until the directory changes."""


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
        self._reader = Reader(path)
        self._version = (0, 0)
        self._known: dict[str, Sending] = {}
        """As of that version of the directory."""

    def of(self, address: str) -> Sending:
        """What a mailbox may send; one of a domain that is not here has no limits."""
        version = self._reader.version()
        if version != self._version or len(self._known) >= MOST_KNOWN:
            self._version = version
            self._known.clear()
        found = self._known.get(address)
        if found is None:
            found = self._known[address] = self._read(address)
        return found

    def _read(self, address: str) -> Sending:
        domain = address.rpartition("@")[2]
        rows = dict(self._rows(address, domain))
        whole = _domain.decode(rows[domain]) if domain in rows else DomainSending(Ceilings(), ())
        own = _own.decode(rows[address]) if address in rows else Ceilings()
        return Sending(own.over(whole.mailbox), whole.accounts)

    def _rows(self, address: str, domain: str) -> list[tuple[str, str]]:
        query = "SELECT key, value FROM answer WHERE map = 'sending' AND key IN (?, ?)"
        return self._reader.rows(query, (address, domain))
