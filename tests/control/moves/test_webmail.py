"""What mailboxes had in their old webmail goes into a Roundcube of our own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from mailstead.control.moves import services
from mailstead.control.moves.models import Move, Webmail
from mailstead.control.people.models import AuditEntry
from mailstead.foreign.roundcube import from_sqlite
from mailstead.standards.refusal import Refusal
from tests.control.company import Company
from tests.foreign.roundcube.bases import LAYOUTS, sqlite_base


@pytest.fixture
def move(company: Company, tmp_path: Path) -> Move:
    """One by which a mailbox came with everything that a webmail has."""
    made = services.create_move(
        **company.who, place="/root/acct.tar.gz", server=company.server, customer=company.customer
    )
    company.domain("ann.example")
    (web,) = list(from_sqlite(sqlite_base(tmp_path / "old"), "place").values())[:1]
    Webmail.objects.create(
        mailbox=company.mailbox("info@ann.example"),
        move=made,
        found=msgspec.json.encode(web).decode(),
        contacts=len(web.contacts),
    )
    return made


def roundcube(path: Path) -> Path:
    """An empty one."""
    with closing(sqlite3.connect(path)) as database:
        for table, columns in LAYOUTS["1.6"].items():
            database.execute(f'CREATE TABLE "{table}" ({columns})')
    return path


def test_it_is_there_once_and_stands_in_the_trail(
    company: Company, move: Move, tmp_path: Path
) -> None:
    database = roundcube(tmp_path / "new.db")
    put = {"move": move, "database": database, "host": "localhost"}
    ((address, added),) = services.put_webmail(**company.who, **put)
    assert address == "info@ann.example" and added.contacts == 2 and added.identities == 1
    assert len(from_sqlite(database, "place")[address].contacts) == 2
    ((_, again),) = services.put_webmail(**company.who, **put)
    assert sum(again) == 0
    trail = AuditEntry.objects.filter(verb="move.put-webmail").order_by("pk")
    assert [one.after["rows"] for one in trail] == [sum(added), 0]


def test_what_is_no_roundcube_is_named(company: Company, move: Move, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    for code in ("roundcube-missing", "roundcube-other"):
        with pytest.raises(Refusal) as refused:
            services.put_webmail(**company.who, move=move, database=other, host="localhost")
        assert refused.value.code == code
        other.write_bytes(b"")
    assert not AuditEntry.objects.filter(verb="move.put-webmail").exists()
