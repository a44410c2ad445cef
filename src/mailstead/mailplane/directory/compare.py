"""Bring maps, scripts and keys to the directory's answers by looking at what is there."""

from __future__ import annotations

import sqlite3

from mailstead.mailplane.directory.journal import MAP_ORDER, Journal
from mailstead.mailplane.directory.ports import Maps

_IN_PLACE = 2000
"""Differences up to this number are changed key by key; more all at once."""


def expected_answers(connection: sqlite3.Connection, name: str) -> dict[str, str]:
    """What a map should hold by the directory's own answers."""
    rows = connection.execute("SELECT key, value FROM answer WHERE map = ?", (name,))
    return dict(rows.fetchall())


def compare_maps(connection: sqlite3.Connection, maps: Maps, journal: Journal) -> int:
    """Bring every map, script and key to the directory's answers; returns how many differed."""
    differences = 0
    for name in MAP_ORDER:
        expected = expected_answers(connection, name)
        actual = maps.dump(name)
        puts = {key: value for key, value in expected.items() if actual.get(key) != value}
        gone = [key for key in actual if key not in expected]
        count = len(puts) + len(gone)
        differences += count
        if count > _IN_PLACE:
            maps.replace(name, expected)
        elif count:
            maps.update(name, puts, gone)
    return differences + _compare_scripts(connection, journal)


def _compare_scripts(connection: sqlite3.Connection, journal: Journal) -> int:
    differences = 0
    expected = expected_answers(connection, "sieve")
    for key, text in expected.items():
        path = journal.script_path(key)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            journal.write_script(key, text)
            differences += 1
    for key in journal.scripts():
        if key not in expected:
            journal.remove_script(key)
            differences += 1
    for key, pem in expected_answers(connection, "dkim").items():
        journal.put_key(key, pem)
    journal.choose(expected_answers(connection, "signing"))
    journal.serve_exactly(expected_answers(connection, "zone"))
    return differences
