"""A mailbox's Roundcube database comes whole, whatever version made it, and does nothing."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.foreign.roundcube.bases import CARD, LAYOUTS, sqlite_base

from mailstead.foreign.inventory import CannedResponse, Contact, Identity
from mailstead.foreign.roundcube import from_sqlite
from mailstead.standards.refusal import Refusal

PLACE = "homedir/etc/example.com/info.rcube.db"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_version_gives_all_that_it_knew(tmp_path: Path, layout: str) -> None:
    (user, webmail), *others = from_sqlite(sqlite_base(tmp_path / "db", layout), PLACE).items()
    assert not others
    assert (user, webmail.language, webmail.place) == ("info@example.com", "de_DE", PLACE)
    ann, bob = webmail.contacts
    with_groups = layout != "0.2"
    assert ann == Contact(
        name="Ann Älter",
        emails=("ann@x.example",),
        first="Ann",
        last="Älter",
        vcard=CARD.replace("\r\n", "\n"),
        groups=("Team",) if with_groups else (),
    )
    assert bob == Contact(name="Bob", emails=("b@x.example", "b@y.example"))
    assert webmail.groups == (("Team", "Nobody's") if with_groups else ())
    assert webmail.identities == (
        Identity(
            email="info@example.com",
            name="Info",
            organization="Example",
            reply_to="desk@example.com",
            signature="<b>Info</b>\nline 2",
            html=with_groups,
            standard=True,
        ),
    )
    newest = layout == "1.6"
    assert [one.name for one in webmail.collected] == (["Cy"] if newest else [])
    assert [one.name for one in webmail.trusted] == (["Dan"] if newest else [])
    assert webmail.responses == (
        (CannedResponse(name="Thanks", text="Thank you;\nbye"),) if newest else ()
    )


def test_what_lies_in_the_bin_stays_there(tmp_path: Path) -> None:
    (webmail,) = from_sqlite(sqlite_base(tmp_path / "db"), PLACE).values()
    words = repr(webmail)
    assert "Gone" not in words
    assert "Old" not in words
    assert "Whose" not in words  # of a user who is not there


def test_a_user_of_two_servers_gets_both(tmp_path: Path) -> None:
    path = sqlite_base(tmp_path / "db")
    with sqlite3.connect(path) as database:
        database.execute(
            "INSERT INTO users (user_id, username, mail_host) VALUES (8, 'info@example.com', 'old')"
        )
    (webmail,) = from_sqlite(path, PLACE).values()
    assert [one.name for one in webmail.contacts] == ["Ann Älter", "Bob", "Whose"]


def test_nothing_is_written_beside_it(tmp_path: Path) -> None:
    path = sqlite_base(tmp_path / "db")
    path.chmod(0o400)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    from_sqlite(path, PLACE)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "db").touch()
    assert from_sqlite(tmp_path / "db", PLACE) == {}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"** This file contains an SQLite 2.1 database **\0" + b"\0" * 2000, "SQLite 2"),
        (b"<html>not found</html>", "not an SQLite database"),
        (b"SQLite format 3\0" + b"\xff" * 5000, "damaged"),
    ],
)
def test_what_is_no_database_is_refused_with_a_word(
    tmp_path: Path, content: bytes, word: str
) -> None:
    (tmp_path / "db").write_bytes(content)
    with pytest.raises(Refusal, match=word) as refused:
        from_sqlite(tmp_path / "db", PLACE)
    assert refused.value.code == "webmail-unreadable"


def test_a_link_a_pipe_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(sqlite_base(tmp_path / "db"))
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing"):
        with pytest.raises(Refusal) as refused:
            from_sqlite(tmp_path / name, PLACE)
        assert refused.value.code == "webmail-unreadable"


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("CREATE TABLE pages (id integer)")
    with pytest.raises(Refusal, match="no table of users"):
        from_sqlite(tmp_path / "db", PLACE)


def test_a_view_in_the_place_of_a_table_is_not_run(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute(
            "CREATE VIEW users AS WITH RECURSIVE n(user_id) AS"
            " (SELECT 1 UNION ALL SELECT user_id + 1 FROM n)"
            " SELECT user_id, 'x' AS username, '' AS language FROM n"
        )
    with pytest.raises(Refusal, match="no table of users"):
        from_sqlite(tmp_path / "db", PLACE)


def test_a_computed_column_is_not_computed(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute(
            "CREATE TABLE users (user_id integer, username text,"
            " language text GENERATED ALWAYS AS (hex(zeroblob(400000000))) VIRTUAL)"
        )
        database.execute("INSERT INTO users (user_id, username) VALUES (1, 'a')")
    began = time.monotonic()
    assert from_sqlite(tmp_path / "db", PLACE)["a"].language == ""
    assert time.monotonic() - began < 5


def test_endless_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailstead.foreign.roundcube.tables.MAX_ROWS", 10)
    path = sqlite_base(tmp_path / "db")
    with pytest.raises(Refusal) as refused:
        from_sqlite(path, PLACE)
    assert refused.value.code == "webmail-too-large"


def test_old_octets_that_are_no_utf_8_are_read_all_the_same(tmp_path: Path) -> None:
    path = sqlite_base(tmp_path / "db")
    with sqlite3.connect(path) as database:
        database.execute(
            "UPDATE contacts SET name = CAST(X'4dfc6c6c6572' AS TEXT) WHERE contact_id = 2"
        )
    (webmail,) = from_sqlite(path, PLACE).values()
    assert webmail.contacts[1].name == "Müller"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(st.data())
def test_damage_anywhere_is_a_refusal_or_a_result(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(
        (tmp_path / "whole").read_bytes()
        if (tmp_path / "whole").exists()
        else sqlite_base(tmp_path / "whole").read_bytes()
    )
    for _ in range(data.draw(st.integers(1, 30))):
        whole[data.draw(st.integers(16, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "db").write_bytes(whole[: data.draw(st.integers(100, len(whole)))])
    try:
        from_sqlite(tmp_path / "db", PLACE)
    except Refusal as refused:
        assert refused.code in ("webmail-unreadable", "webmail-too-large")
