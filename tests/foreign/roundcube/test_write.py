"""What comes from another Roundcube is in ours as it was, and is there once."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from tests.foreign.roundcube.bases import LAYOUTS, sqlite_base

from mailstead.foreign.inventory import Contact, Identity, Webmail
from mailstead.foreign.roundcube import from_sqlite, into_sqlite
from mailstead.foreign.roundcube.write import Added, words

NOW = dt.datetime(2026, 8, 1, 12, tzinfo=dt.UTC)
USER = "info@example.com"


@pytest.fixture
def found(tmp_path: Path) -> Webmail:
    return from_sqlite(sqlite_base(tmp_path / "old"), "place")[USER]


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "new")) as database:
        for table, columns in LAYOUTS["1.6"].items():
            database.execute(f'CREATE TABLE "{table}" ({columns})')
        yield database


def put(database: sqlite3.Connection, webmail: Webmail) -> Added:
    return into_sqlite(database, webmail, user=USER, host="localhost", now=NOW)


def back(tmp_path: Path) -> Webmail:
    return from_sqlite(tmp_path / "new", "place")[USER]


def without_made_cards(webmail: Webmail) -> Webmail:
    """Who had no card has one now."""
    return msgspec.structs.replace(
        webmail,
        contacts=tuple(
            msgspec.structs.replace(one, vcard=one.vcard if one.name == "Ann Älter" else "")
            for one in webmail.contacts
        ),
    )


def test_everything_is_there_afterwards(
    found: Webmail, ours: sqlite3.Connection, tmp_path: Path
) -> None:
    assert put(ours, found) == Added(contacts=2, groups=2, identities=1, collected=2, responses=1)
    assert without_made_cards(back(tmp_path)) == found


def test_a_second_time_adds_what_is_new_only(
    found: Webmail, ours: sqlite3.Connection, tmp_path: Path
) -> None:
    put(ours, found)
    ours.execute("UPDATE identities SET signature = 'mine now'")
    ours.commit()
    cy = Contact(name="Cy", emails=("cy@x.example",), groups=("Team",))
    more = msgspec.structs.replace(found, contacts=(*found.contacts, cy))
    assert put(ours, more) == Added(contacts=1)
    webmail = back(tmp_path)
    assert [one.name for one in webmail.contacts] == ["Ann Älter", "Bob", "Cy"]
    assert webmail.contacts[2].groups == ("Team",)
    assert webmail.identities[0].signature == "mine now"


def test_the_standard_sender_stays_where_there_is_one(
    ours: sqlite3.Connection, tmp_path: Path
) -> None:
    first = Webmail(identities=(Identity(email="a@example.com", standard=True),))
    second = Webmail(
        identities=(
            Identity(email="b@example.com", standard=True),
            Identity(email="c@example.com", standard=True),
        )
    )
    put(ours, first)
    put(ours, second)
    assert [(one.email, one.standard) for one in back(tmp_path).identities] == [
        ("a@example.com", True),
        ("b@example.com", False),
        ("c@example.com", False),
    ]


def test_nobody_is_left_without_a_sender(ours: sqlite3.Connection, tmp_path: Path) -> None:
    only = Webmail(contacts=(Contact(name="Cy", emails=("cy@x.example",)),))
    assert put(ours, only) == Added(contacts=1)
    (made,) = back(tmp_path).identities
    assert (made.email, made.standard) == (USER, True)
    put(ours, only)
    assert len(back(tmp_path).identities) == 1


def test_a_failure_leaves_nothing_behind(
    found: Webmail, ours: sqlite3.Connection, tmp_path: Path
) -> None:
    ours.execute("DROP TABLE responses")
    ours.commit()
    with pytest.raises(sqlite3.Error):
        put(ours, found)
    assert ours.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_a_contact_is_found_by_words_without_accents() -> None:
    contact = Contact(name="Ann Müller-Groß", first="Ann", emails=("a.mueller@x.example",))
    assert words(contact) == " ann muller gross example"
