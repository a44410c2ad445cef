"""What services take long to make, made once and copied into the database of each test.

The copy is of rows: SQL literals that the database itself wrote, so that both databases get back
what they gave.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection

T = TypeVar("T")
_Rows = dict[str, list[str]]
"""Of each table, its rows as lists of literals."""


@dataclass(frozen=True)
class _Copy:
    found: dict[str, int]
    """How many rows each table held before."""
    statements: list[str]
    made: bytes
    until: float


class Copies(Generic[T]):
    """Something that `make` writes into the database; a copy is as good for `lasts` seconds.

    What it does outside the database is not repeated. Nor is what it does when a transaction ends:
    in a test that commits everything is made anew.
    """

    def __init__(self, make: Callable[[], T], lasts: float) -> None:
        self._make = make
        self._lasts = lasts
        self._copy: _Copy | None = None

    def get(self) -> T:
        """A copy where the database holds what it held when `make` was called, else a new one."""
        if not connection.in_atomic_block:
            return self._make()
        found = _counts()
        copy = self._copy
        if copy is not None and copy.found == found and time.monotonic() < copy.until:
            for statement in copy.statements:
                _ask(statement)
            made: T = pickle.loads(copy.made)
            return made
        before = _rows([name for name, count in found.items() if count])
        made = self._make()
        statements = _difference(before, _rows(found))
        if statements is not None:
            until = time.monotonic() + self._lasts
            self._copy = _Copy(found, statements, pickle.dumps(made), until)
        return made


def _ask(statement: str) -> Any:
    # Below Django, for which a percent sign would begin a parameter.
    return connection.connection.execute(statement)


def _counts() -> dict[str, int]:
    tables = connection.introspection.table_names()
    union = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {_named(name)}" for name in tables)
    return dict(_ask(union).fetchall())


def _rows(tables: Collection[str]) -> _Rows:
    return {name: _literals(name) for name in tables}


def _literals(table: str) -> list[str]:
    sqlite = connection.vendor == "sqlite"
    pattern = "quote({})" if sqlite else "quote_nullable({}::text)"
    columns = [pattern.format(_named(name)) for name in _columns(table)]
    rows = _ask(f"SELECT {', '.join(columns)} FROM {_named(table)}").fetchall()
    return [f"({', '.join(row)})" for row in rows]


def _difference(before: _Rows, after: _Rows) -> list[str] | None:
    """What writes the rows that are new; None where others were changed or deleted."""
    statements = []
    for table, rows in after.items():
        old = set(before.get(table, ()))
        if not old <= set(rows):
            return None
        new = [row for row in rows if row not in old]
        if new:
            names = ", ".join(map(_named, _columns(table)))
            statements.append(f"INSERT INTO {_named(table)} ({names}) VALUES {', '.join(new)}")
    return statements


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        description = connection.introspection.get_table_description(cursor, table)
    return [column.name for column in description]


def _named(name: str) -> str:
    return str(connection.ops.quote_name(name))
