"""The node's directory as far as the guard reads it, with limits that are never reached."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable

from mailstead.home import Home
from mailstead.mailplane.directory.sending import DomainSending, body
from mailstead.wire.sending import Account, Ceilings, Step

_MUCH = Ceilings(
    messages_hour=10_000_000,
    messages_day=10_000_000,
    recipients_hour=10_000_000,
    recipients_day=10_000_000,
)
_TABLES = """
PRAGMA journal_mode=WAL;
CREATE TABLE answer (map TEXT, key TEXT, value TEXT, PRIMARY KEY (map, key)) WITHOUT ROWID;
CREATE TABLE thing (kind TEXT, key TEXT, body BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID;
"""


def written(home: Home, domains: Iterable[str]) -> None:
    """Make the home's directory and where the guard listens; every domain has a customer and a
    reseller."""
    home.directory.mkdir(parents=True)
    home.guard_socket.parent.mkdir(parents=True)
    accounts = tuple(
        Account(customer=number, schedule=(Step(until=None, ceilings=_MUCH),)) for number in (1, 2)
    )
    row = body(DomainSending(_MUCH, accounts))
    with contextlib.closing(sqlite3.connect(home.directory_database)) as base, base:
        base.executescript(_TABLES)
        base.executemany(
            "INSERT INTO answer VALUES ('sending', ?, ?)", ((name, row) for name in domains)
        )
