"""Roundcube's tables in a dump of MySQL, as `mysqldump` and its likes write it.

Nothing is run: the text is cut into tokens, and of all statements only the columns of CREATE TABLE
and the rows of INSERT and REPLACE are looked at. What else is in the dump (the cache of messages
can be most of it) is passed over as it streams by; memory is bounded by the longest token and by
what is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from mailstead.foreign.inventory import Webmail
from mailstead.foreign.roundcube.tables import (
    COLUMNS,
    MAX_VALUE,
    Row,
    Tables,
    decoded,
    too_large,
    unreadable,
)
from mailstead.standards.refusal import Term

_CHUNK = 2**18
_MAX_COLUMNS = 200
# A token, or what stands between two; of a string its first quote only. At the end of what has been
# read so far nothing is believed: `-` may be followed by a second. What begins a comment is never a
# word, so that one not yet read to its end waits for the rest. (No possessive groups: Python 3.11.2
# gets them wrong.)
_TOKEN = re.compile(
    rb"""
      (?P<space>\s+|--(?=\s)[^\n]*\n|\#[^\n]*\n|/\*.*?\*/)
    | (?P<open>['"`])
    | (?P<hex>0x[0-9A-Fa-f]+|[xX]'[0-9A-Fa-f]*')
    | (?P<word>(?!--\s|[xX]')[\w.$@+-]+)
    | (?P<mark>[^\w\s'"`\#/.$@+-])
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN = re.compile(rb"[^'\"`;/#-]+")
_COMMENT = re.compile(rb"/\*.*?\*/|--\s[^\n]*\n|#[^\n]*\n", re.DOTALL)
_INSIDE = {
    # The inside of a string, a piece at a time: repeats are counted, since each costs memory.
    b"'": re.compile(rb"[^'\\]*(?:(?:\\.|'')[^'\\]*){0,1000}", re.DOTALL),
    b'"': re.compile(rb'[^"\\]*(?:(?:\\.|"")[^"\\]*){0,1000}', re.DOTALL),
    b"`": re.compile(rb"[^`]*(?:``[^`]*){0,1000}"),
}
_LOOK_AHEAD = 4
_ESCAPED = {  # dev.mysql.com/doc/refman/8.0/en/string-literals.html, table 9.1
    b"0": b"\0",
    b"b": b"\b",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"Z": b"\x1a",
    b"%": b"\\%",
    b"_": b"\\_",
}
_NOT_COLUMNS = (b"key", b"primary", b"unique", b"index", b"constraint", b"fulltext", b"foreign")


class _Token(NamedTuple):
    kind: str
    text: bytes

    def word(self) -> bytes:
        """A keyword in lower case; of anything else nothing."""
        return self.text.lower() if self.kind == "word" else b""


class _End(Exception):
    """The dump has no more tokens."""


def from_mysql_dump(
    stream: BinaryIO, place: str, *, wanted: Callable[[str], bool] | None = None
) -> dict[str, Webmail]:
    """The data of each user; raises `Refusal` (`webmail-…`).

    A dump of a whole server is for one account what `wanted` (of a user's name in lower case) says
    of it; nothing of others is kept. The stream is then read twice, so it must be seekable.
    """
    if wanted is None:
        reader = _Reader(_Tokens(stream))
        reader.read()
        return reader.webmail(place)
    users = _Reader(_Tokens(stream), users=wanted)
    users.read()
    stream.seek(0)
    reader = _Reader(_Tokens(stream), users=wanted, numbers=users.numbers)
    reader.read()
    return reader.webmail(place)


class _Tokens:
    """The tokens of a dump, with one octet of it in memory for each that is needed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._held = b""
        self._at = 0
        self._all = False

    def next(self) -> _Token:
        """The next token; raises `_End`."""
        while True:
            found = _TOKEN.match(self._held, self._at, self._believed())
            if found and (found.end() < self._believed() or self._all):
                kind = str(found.lastgroup)
                if kind == "space":
                    self._at = found.end()
                    continue
                end = self._closed(found.end(), found[0])[1] if kind == "open" else found.end()
                if end:
                    text = self._held[self._at : end]
                    self._at = end
                    named = text[:1] == b"`"
                    return _Token(("name" if named else "string") if kind == "open" else kind, text)
            if not self._more():
                if self._at < len(self._held):
                    raise unreadable(Term("the dump ends in the middle of a value"))
                raise _End

    def pass_over(self) -> None:
        """Goes behind the end of the statement, without keeping its values."""
        while True:
            if found := _PLAIN.match(self._held, self._at):
                self._at = found.end()
            mark = self._held[self._at : self._at + 1]
            if mark == b";":
                self._at += 1
                return
            if mark in _INSIDE and mark:
                self._at += 1
                self._pass_over_string(mark)
            elif found := _COMMENT.match(self._held, self._at):
                self._at = found.end()
            elif mark and not self._may_begin_comment():
                self._at += 1
            elif not self._more():
                self._at = len(self._held)
                return

    def _may_begin_comment(self) -> bool:
        """Whether what comes next is a comment of which the end has not been read yet."""
        start = self._held[self._at : self._at + 3]
        if len(start) < 3 and not self._all:
            return True
        return (
            start[:1] == b"#" or start[:2] == b"/*" or (start[:2] == b"--" and start[2:].isspace())
        )

    def _pass_over_string(self, quote: bytes) -> None:
        while True:
            self._at, end = self._closed(self._at, quote)
            if end:
                self._at = end
                return
            if not self._more():
                self._at = len(self._held)
                return

    def _closed(self, at: int, quote: bytes) -> tuple[int, int]:
        """How far a string goes that is open at `at`, and where it ends: 0 for not yet."""
        while True:
            found = _INSIDE[quote].match(self._held, at)
            at = found.end() if found else at
            after = self._held[at : at + 2]
            if len(after) < 2 and not (self._all and after == quote):
                return at, 0  # a backslash and a quote may belong to what follows them
            if after[:1] == quote and after[1:] != quote:
                return at, at + 1

    def _believed(self) -> int:
        return len(self._held) if self._all else max(self._at, len(self._held) - _LOOK_AHEAD)

    def _more(self) -> bool:
        """Reads on; False where there is nothing more. The longer a token, the more at once."""
        if self._all:
            return False
        open_octets = len(self._held) - self._at
        if open_octets > MAX_VALUE:
            raise too_large()
        chunk = self._stream.read(max(_CHUNK, open_octets))
        # Reading a long token begins anew each time, so that each time twice as much is there.
        while chunk and len(chunk) < open_octets and (more := self._stream.read(open_octets)):
            chunk += more
        self._held = self._held[self._at :] + chunk
        self._at = 0
        self._all = not chunk
        return True


class _Reader:
    """Goes through the statements; keeps the rows of tables that are Roundcube's."""

    def __init__(
        self,
        tokens: _Tokens,
        users: Callable[[str], bool] | None = None,
        numbers: dict[str, set[str]] | None = None,
    ) -> None:
        """With `users` and no `numbers` only the users are looked at, and become `numbers`."""
        self._tokens = tokens
        self._wanted = users
        self._only_users = users is not None and numbers is None
        self.numbers: dict[str, set[str]] = numbers or {}
        """Of the users that are wanted, by prefix."""
        self._columns: dict[str, list[str]] = {}
        self._found: dict[str, Tables] = {}
        """By the prefix of the tables' names, which Roundcube's `db_prefix` sets."""
        self._seen: dict[str, set[str]] = {}

    def read(self) -> None:
        while True:
            try:
                word = self._tokens.next()
            except _End:
                return
            try:
                if word.word() in (b"insert", b"replace"):
                    self._insert()
                elif word.word() == b"create":
                    self._create()
                elif word.text != b";":
                    self._tokens.pass_over()
            except _End:
                raise unreadable(Term("the dump ends in the middle of a statement")) from None

    def webmail(self, place: str) -> dict[str, Webmail]:
        """Of the prefix under which the tables of users and identities are."""
        for prefix, tables in self._found.items():
            if {"users", "identities"} <= self._seen[prefix]:
                return tables.webmail(place)
        if any("users" in seen for seen in self._seen.values()):
            raise unreadable(Term("it has no table of identities, so it is not Roundcube's"))
        raise unreadable(Term("it has no table of users, so it is not Roundcube's"))

    def _insert(self) -> None:
        token = self._tokens.next()
        while token.word() in (b"into", b"ignore", b"delayed", b"low_priority", b"high_priority"):
            token = self._tokens.next()
        full_name, token = self._qualified(token)
        known = _roundcubes(full_name)
        if not known:
            if token.text != b";":
                self._tokens.pass_over()
            return
        prefix, table = known
        columns = self._columns.get(full_name)
        if token.text == b"(":
            columns = []
            while (token := self._tokens.next()).text != b")":
                if token.text != b",":
                    columns.append(_name(token))
            token = self._tokens.next()
        if token.word() not in (b"values", b"value"):
            raise unreadable(Term("a statement of the dump has no list of values"))
        if not columns:
            raise unreadable(Term("it does not say which columns its values are of"))
        if COLUMNS[table][0] not in columns:
            self._tokens.pass_over()  # somebody else's table of that name
            return
        tables = self._found.setdefault(prefix, Tables())
        self._seen.setdefault(prefix, set()).add(table)
        if self._only_users and table != "users":
            self._tokens.pass_over()
            return
        for row in self._rows(columns, COLUMNS[table]):
            if self._wanted is None or self._is_wanted(prefix, table, row):
                tables.add(table, row)

    def _is_wanted(self, prefix: str, table: str, row: Row) -> bool:
        if table == "contactgroupmembers":
            return True  # it names no user; only those of known groups and contacts are looked at
        numbers = self.numbers.setdefault(prefix, set())
        if table == "users" and self._wanted is not None:
            if not self._wanted(row.get("username", "").strip().lower()):
                return False
            numbers.add(row["user_id"])
        return row.get("user_id", "") in numbers

    def _rows(self, columns: list[str], wanted: tuple[str, ...]) -> Iterator[Row]:
        while True:
            if self._tokens.next().text != b"(":
                raise unreadable(Term("a row of the dump is not one of Roundcube's"))
            row: dict[str, str] = {}
            for name, value in zip(columns, self._values(), strict=False):
                if name in wanted:
                    row[name] = value
            if len(row) < sum(1 for name in wanted if name in columns):
                raise unreadable(Term("a row of the dump has fewer values than columns"))
            yield row
            token = self._tokens.next()
            if token.text == b";":
                return
            if token.text != b",":
                self._tokens.pass_over()  # ON DUPLICATE KEY UPDATE …
                return

    def _values(self) -> Iterator[str]:
        """The values of a row up to its bracket. An introducer (`_binary '…'`) adds nothing."""
        value: str | None = None
        while True:
            token = self._tokens.next()
            if token.text in (b",", b")"):
                yield value or ""
                if token.text == b")":
                    return
                value = None
            elif token.kind in ("string", "hex"):
                value = (value or "") + _value(token)
            elif token.kind == "word":
                introduces = token.text.startswith(b"_") or token.word() == b"null"
                value = "" if introduces else decoded(token.text)
            else:
                raise unreadable(Term("a row of the dump holds more than values"))

    def _create(self) -> None:
        """Notes the columns of CREATE TABLE; other statements pass."""
        token = self._tokens.next()
        if token.word() == b"temporary":
            token = self._tokens.next()
        if token.word() != b"table":
            if token.text != b";":
                self._tokens.pass_over()
            return
        token = self._tokens.next()
        while token.word() in (b"if", b"not", b"exists"):
            token = self._tokens.next()
        full_name, token = self._qualified(token)
        known = _roundcubes(full_name)
        if not known or token.text != b"(":
            if token.text != b";":
                self._tokens.pass_over()
            return
        self._seen.setdefault(known[0], set()).add(known[1])
        self._found.setdefault(known[0], Tables())
        self._columns[full_name] = list(self._defined())
        self._tokens.pass_over()

    def _defined(self) -> Iterator[str]:
        """The first word of each definition up to the closing bracket, but of keys."""
        depth, first, count = 1, True, 0
        while depth:
            token = self._tokens.next()
            if first and token.kind in ("name", "word", "string"):
                first = False
                if token.word() not in _NOT_COLUMNS:
                    count += 1
                    if count > _MAX_COLUMNS:
                        raise unreadable(Term("a table of the dump has too many columns"))
                    yield _name(token)
            elif token.text == b"(":
                depth += 1
            elif token.text == b")":
                depth -= 1
            elif token.text == b"," and depth == 1:
                first = True

    def _qualified(self, token: _Token) -> tuple[str, _Token]:
        """A table's name without its database's, and the token behind it."""
        name = _name(token)
        after = self._tokens.next()
        while after.text.startswith(b"."):
            name = _name(self._tokens.next()) if after.text == b"." else _name(after)
            after = self._tokens.next()
        return name.rpartition(".")[2], after


def _roundcubes(name: str) -> tuple[str, str] | None:
    """Prefix and name of one of Roundcube's tables, or None. The longest name counts."""
    for table in sorted(COLUMNS, key=len, reverse=True):
        if name.endswith(table):
            return name.removesuffix(table), table
    return None


def _name(token: _Token) -> str:
    """An identifier in lower case, without its quotes."""
    text = token.text
    if token.kind == "name":
        text = text[1:-1].replace(b"``", b"`")
    elif token.kind == "string":
        text = text[1:-1]
    return decoded(text).lower().lstrip(".")


def _value(token: _Token) -> str:
    if token.kind == "hex":
        digits = token.text[2:].rstrip(b"'")
        return decoded(bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, b"0").decode()))
    quote, text = token.text[:1], token.text[1:-1]
    if quote in text or b"\\" in text:
        text = re.sub(
            rb"\\(.)|" + quote * 2, lambda found: _unescaped(found, quote), text, flags=re.S
        )
    return decoded(text)


def _unescaped(found: re.Match[bytes], quote: bytes) -> bytes:
    return quote if found[1] is None else _ESCAPED.get(found[1], found[1])
