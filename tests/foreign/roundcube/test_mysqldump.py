"""A dump of MySQL gives what the database held, and what is in it is never run."""

from __future__ import annotations

import io
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.foreign.roundcube.bases import LAYOUTS, mysql_dump, quoted, sqlite_base

from mailstead.foreign.inventory import Webmail
from mailstead.foreign.roundcube import from_mysql_dump, from_sqlite
from mailstead.standards.refusal import Refusal

PLACE = "mysql/roundcube.sql"


def read(text: str | bytes) -> dict[str, Webmail]:
    return from_mysql_dump(io.BytesIO(text.encode() if isinstance(text, str) else text), PLACE)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("named", [False, True])
def test_a_dump_says_the_same_as_the_database(tmp_path: Path, layout: str, named: bool) -> None:
    expected = from_sqlite(sqlite_base(tmp_path / "db", layout), PLACE)
    assert read(mysql_dump(layout, named=named)) == expected
    assert read(mysql_dump(layout, named=named, prefix="rc_")) == expected


def test_another_programs_users_beside_them_do_not_matter(tmp_path: Path) -> None:
    blog = "CREATE TABLE wp_users (ID int);\nINSERT INTO wp_users VALUES (1), (2);\n"
    assert read(blog + mysql_dump()) == read(mysql_dump())


HEAD = (
    "CREATE TABLE users (user_id int, username text, language text);\n"
    "CREATE TABLE identities (identity_id int);\n"
)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO users VALUES (1,'a\\'b','en_US');",
        "insert ignore into `users` (user_id, username, `language`) value (1, 'a''b', 'en_US');",
        "REPLACE INTO db.users VALUES (1, _utf8mb4'a\\'b', 'en_US') ON DUPLICATE KEY UPDATE x=';';",
        "INSERT INTO `db`.`users` VALUES (1, 0x612762, X'656e5f5553');",
        'INSERT INTO users VALUES (1, "a\'b", "en_US")',
        "INSERT /* ; ' */ INTO users # it's\n VALUES -- it's;\n (1,'a\\'b','en_US');",
    ],
)
def test_the_ways_to_write_a_row(statement: str) -> None:
    if not statement.endswith(";"):
        statement += ";"
    assert read(HEAD + statement)["a'b"].language == "en_US"


@given(
    st.lists(
        st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cn", "Co", "Cf"))),
        min_size=1,
        max_size=5,
    )
)
def test_every_text_comes_through(texts: list[str]) -> None:
    rows = ",".join(f"({number},1,0,{quoted(text)})" for number, text in enumerate(texts))
    dump = (
        HEAD
        + "CREATE TABLE contacts (contact_id int, user_id int, del int, name text);"
        + f"INSERT INTO users VALUES (1,'a','');INSERT INTO contacts VALUES {rows};"
    )
    assert [one.name for one in read(dump)["a"].contacts] == list(dict.fromkeys(texts))


@given(st.integers(1, 60))
def test_it_does_not_matter_where_a_read_ends(size: int) -> None:
    class Dripping(io.BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            return super().read(size)

    dump = mysql_dump()
    assert from_mysql_dump(Dripping(dump.encode()), PLACE) == read(dump)


@pytest.mark.parametrize(
    "dump",
    [
        "",
        "CREATE TABLE pages (id int); INSERT INTO pages VALUES (1);",
        "INSERT INTO users VALUES (1,'a','');",
        HEAD + "INSERT INTO users VALUES (1,'a",
        HEAD + "INSERT INTO users VALUES (1,'a','en'),",
        HEAD + "INSERT INTO users VALUES (1);",
        HEAD + "INSERT INTO users SELECT * FROM other;",
        HEAD + "INSERT INTO users VALUES (1,LOAD_FILE('/etc/passwd'),'');",
        HEAD + "/* never closed",
    ],
)
def test_what_is_no_dump_of_roundcube_is_refused(dump: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(dump)
    assert refused.value.code == "webmail-unreadable"


@given(st.data())
def test_damage_anywhere_is_a_refusal_or_a_result(data: st.DataObject) -> None:
    dump = bytearray(mysql_dump().encode())
    for _ in range(data.draw(st.integers(1, 10))):
        place = data.draw(st.integers(0, len(dump) - 1))
        dump[place : place + 1] = data.draw(st.binary(max_size=3))
    try:
        read(bytes(dump))
    except Refusal as refused:
        assert refused.code in ("webmail-unreadable", "webmail-too-large")


class Cache(io.RawIOBase):
    """A dump whose cache of messages has 64 MB, made while it is read."""

    def __init__(self) -> None:
        row = b"(1,'" + b"x\\'y;" * 20_000 + b"')"
        self.parts = [HEAD.encode(), b"INSERT INTO cache VALUES ", *([row + b","] * 640), row]
        self.parts.append(b";INSERT INTO users VALUES (1,'a','');")

    def read(self, _: int = -1) -> bytes:
        return self.parts.pop(0) if self.parts else b""


def test_a_large_cache_is_passed_over_in_little_memory() -> None:
    began = time.monotonic()
    assert list(from_mysql_dump(Cache(), PLACE)) == ["a"]  # type: ignore[arg-type]
    assert time.monotonic() - began < 20
    tracemalloc.start()
    from_mysql_dump(Cache(), PLACE)  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_one_endless_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailstead.foreign.roundcube.mysqldump.MAX_VALUE", 2**20)
    with pytest.raises(Refusal) as refused:
        read(HEAD + "INSERT INTO users VALUES (1,'" + "x" * 2**22 + "','');")
    assert refused.value.code == "webmail-too-large"


def test_of_a_whole_servers_dump_only_one_accounts_users_are_kept() -> None:
    rows = {
        "users": "(1,'A@one.example','en'),(2,'b@two.example','en')",
        "contacts": "(1,1,0,'Mine'),(2,2,0,'Secret')",
        "contactgroups": "(1,1,0,'Team'),(2,2,0,'Hidden')",
        "contactgroupmembers": "(1,1),(2,2),(2,1)",
    }
    columns = {
        "users": "user_id, username, language",
        "contacts": "contact_id, user_id, del, name",
        "contactgroups": "contactgroup_id, user_id, del, name",
        "contactgroupmembers": "contactgroup_id, contact_id",
    }
    # The users come last, after what is theirs.
    dump = HEAD + "".join(
        f"INSERT INTO {table} ({columns[table]}) VALUES {rows[table]};\n"
        for table in reversed(rows)
    )
    whole = from_mysql_dump(io.BytesIO(dump.encode()), PLACE)
    assert set(whole) == {"a@one.example", "b@two.example"}
    mine = from_mysql_dump(
        io.BytesIO(dump.encode()), PLACE, wanted=lambda user: user.endswith("@one.example")
    )
    assert mine == {"a@one.example": whole["a@one.example"]}
    assert mine["a@one.example"].contacts[0].groups == ("Team",)
    assert "Secret" not in repr(mine)
