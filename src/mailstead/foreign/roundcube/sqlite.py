"""Roundcube's SQLite database, as cPanel keeps one per mailbox (`USER.rcube.db`).

The file is a stranger's: it is opened read only and as one that nobody writes, so that neither a
journal nor a log beside it is looked at; only real tables with their stored columns are read
(a view or a computed column would run what its author wrote), and steps and octets are counted.
A link is not followed: whoever finds one (`….rcube.db.latest`) resolves it inside its own tree.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

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

MAX_FILE = 512 * 2**20
"""Octets of the file: address books are small, but the cache of messages lies beside them."""
_HEADER = b"SQLite format 3\x00"  # sqlite.org/fileformat2.html §1.3.1
_HEADER_2 = b"** This file contains an SQLite 2"
_STEPS = 100_000
_MAX_CALLS = 1_000
"""Times `_STEPS` virtual machine instructions; a full table of 500,000 rows needs some 150."""


def from_sqlite(path: Path, place: str) -> dict[str, Webmail]:
    """The data of each user; nothing of an empty file. Raises `Refusal` (`webmail-…`)."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise unreadable(Term("it cannot be opened, or is a link")) from None
    try:
        if not _is_database(handle):
            return {}
        tables = Tables()
        try:
            with contextlib.closing(_opened(handle)) as database:
                _read(database, tables)
        except (sqlite3.Error, ValueError, OverflowError) as error:
            # `ValueError`: a name in the schema that Python cannot hold.
            if getattr(error, "sqlite_errorcode", 0) in (
                sqlite3.SQLITE_INTERRUPT,
                sqlite3.SQLITE_TOOBIG,
            ):
                raise too_large() from None
            raise unreadable(Term("the database is damaged")) from None
        return tables.webmail(place)
    finally:
        os.close(handle)


def _is_database(handle: int) -> bool:
    """False for an empty file; raises `Refusal` for what is no database of version 3."""
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        raise unreadable(Term("it is not a file"))
    if status.st_size > MAX_FILE:
        raise too_large()
    start = os.pread(handle, len(_HEADER_2), 0)
    if start.startswith(_HEADER_2):
        raise unreadable(Term("it is a database of SQLite 2, which nothing reads any more"))
    if start and not start.startswith(_HEADER):
        raise unreadable(Term("it is not an SQLite database"))
    return bool(start)


def _opened(handle: int) -> sqlite3.Connection:
    # By its handle, so that it is the file that was looked at.
    database = sqlite3.connect(
        f"file:/proc/self/fd/{handle}?mode=ro&immutable=1", uri=True, isolation_level=None
    )
    database.text_factory = decoded
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
    calls = iter(range(_MAX_CALLS))
    database.set_progress_handler(lambda: next(calls, None) is None, _STEPS)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    database.execute("PRAGMA mmap_size = 0")
    return database


def _read(database: sqlite3.Connection, tables: Tables) -> None:
    known = {
        name.lower(): name
        for name, sql in database.execute("SELECT name, sql FROM sqlite_master WHERE type='table'")
        if isinstance(name, str)
        and isinstance(sql, str)
        and re.match(r"CREATE\s+TABLE\b", sql, re.IGNORECASE)
    }
    if "users" not in known:
        raise unreadable(Term("it has no table of users, so it is not Roundcube's"))
    for table, wanted in COLUMNS.items():
        if table in known:
            for row in _rows(database, known[table], wanted):
                tables.add(table, row)


def _rows(database: sqlite3.Connection, table: str, wanted: tuple[str, ...]) -> Iterator[Row]:
    quoted = '"' + table.replace('"', '""') + '"'
    # What is computed (GENERATED) is not among them.
    there = {str(column[1]).lower() for column in database.execute(f"PRAGMA table_info({quoted})")}
    columns = [name for name in wanted if name in there]
    key = wanted[0]
    if key not in there:
        raise unreadable(Term("one of its tables lacks the column that tells whose a row is"))
    selected = ", ".join(f'"{name}"' for name in columns)
    for values in database.execute(f"SELECT {selected} FROM {quoted}"):
        yield {name: _words(value) for name, value in zip(columns, values, strict=True)}


def _words(value: str | bytes | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return decoded(value)
    return str(value)
