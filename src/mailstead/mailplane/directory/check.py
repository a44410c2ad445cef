"""Compare every answer of a node with the source of truth.

The snapshot that the control plane would send is compiled anew, apart from the running directory,
and each entry is held against what the engines' own files and tools say.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from mailstead.home import Home
from mailstead.mailplane.directory.apply import Directory
from mailstead.mailplane.directory.compare import expected_answers
from mailstead.mailplane.directory.journal import MAP_ORDER
from mailstead.mailplane.directory.ports import Maps
from mailstead.mailplane.directory.rebuild import rebuild
from mailstead.wire.changes import Change


class _Silent:
    """Engines of the comparison's own directory: they are told nothing."""

    def update(self, name: str, puts: object, deletes: object) -> None: ...
    def replace(self, name: str, entries: object) -> None: ...
    def dump(self, name: str) -> dict[str, str]:
        return {}

    def query(self, name: str, keys: object) -> dict[str, str]:
        return {}

    def kick(self, addresses: object) -> None: ...
    def put(self, domain: str, selector: str, private_key: str) -> None: ...
    def choose(self, selectors: object, gone: object) -> None: ...
    def remove(self, domain: str, selector: str) -> None: ...


def compare(home: Home, maps: Maps, changes: Iterable[Change]) -> Iterator[str]:
    """Each difference between the truth and what this node answers, as a sentence."""
    silent = _Silent()
    with TemporaryDirectory(prefix="mailstead-check-") as folder:
        truth = Directory(Home(Path(folder)), silent, silent, silent)
        try:
            rebuild(truth, 1, changes)
            for name in MAP_ORDER:
                expected = expected_answers(truth.connection, name)
                yield from _differences(f"map {name}", expected, maps.dump(name))
            logins = expected_answers(truth.connection, "login")
            yield from _differences("log-in", logins, _logins(home))
            apps = expected_answers(truth.connection, "app")
            yield from _differences("app password", _by_user(apps), _app_passwords(home))
            names = expected_answers(truth.connection, "login-name")
            yield from _differences("log-in name", names, _login_names(home))
            own = expected_answers(truth.connection, "spam")
            yield from _differences("spam settings", own, _own_spam(home))
            scripts = expected_answers(truth.connection, "sieve")
            yield from _differences("script", scripts, _scripts(home))
            keys = expected_answers(truth.connection, "dkim")
            yield from _differences("DKIM key", keys, _keys(home, keys))
            zones = dict.fromkeys(expected_answers(truth.connection, "zone"), "")
            yield from _differences("zone", zones, _zones(home))
            chosen = expected_answers(truth.connection, "signing")
            yield from _differences("DKIM selector", chosen, _selectors(home, chosen))
        finally:
            truth.close()


def _differences(what: str, expected: dict[str, str], actual: dict[str, str]) -> Iterator[str]:
    for key in sorted(expected.keys() | actual.keys()):
        if key not in actual:
            yield f"{what}: '{key}' is missing."
        elif key not in expected:
            yield f"{what}: '{key}' should not be there."
        elif expected[key] != actual[key]:
            # Values of log-ins hold hashes: only the maps' are shown.
            shown = f": '{actual[key]}' instead of '{expected[key]}'" if what[:3] == "map" else ""
            yield f"{what}: '{key}' is wrong{shown}."


def _rows(home: Home, query: str) -> list[tuple[Any, ...]]:
    path = f"file:{home.directory_database}?mode=ro"
    with closing(sqlite3.connect(path, uri=True, timeout=20)) as connection:
        return connection.execute(query).fetchall()


def _logins(home: Home) -> dict[str, str]:
    rows = _rows(home, "SELECT * FROM login")
    return {row[0]: msgspec.json.encode(list(row[1:])).decode() for row in rows}


def _by_user(answers: dict[str, str]) -> dict[str, str]:
    """App passwords by their SMTP log-in, which may be shown; their digest need not be."""
    found = {}
    for key, value in answers.items():
        user, protocols = msgspec.json.decode(value)
        found[user] = f"{key.rpartition('/')[2]} {protocols}"
    return found


def _app_passwords(home: Home) -> dict[str, str]:
    rows = _rows(home, "SELECT smtp_user, digest, protocols FROM app_login")
    return {user: f"{digest} {protocols}" for user, digest, protocols in rows}


def _login_names(home: Home) -> dict[str, str]:
    return dict(_rows(home, "SELECT name, address FROM login_name"))


def _own_spam(home: Home) -> dict[str, str]:
    return {address: "own" for (address,) in _rows(home, "SELECT address FROM own_spam")}


def _scripts(home: Home) -> dict[str, str]:
    return {
        str(path.relative_to(home.sieve).with_suffix("")): path.read_text(encoding="utf-8")
        for path in home.sieve.glob("*/*/*.sieve")
    }


def _zones(home: Home) -> dict[str, str]:
    """Which zones lie there for Knot; what stands in them is its renderer's affair."""
    names = (path.name.removesuffix(".zone") for path in (home.knot / "zones").glob("*.zone"))
    return dict.fromkeys(names, "")


def _keys(home: Home, expected: dict[str, str]) -> dict[str, str]:
    names = {f"{p.name.removesuffix('.key')}": p for p in home.dkim.glob("*.key")}
    found: dict[str, str] = {}
    for key in expected:
        domain, selector = key.split("/")
        path = names.pop(f"{domain}.{selector}", None)
        if path is not None:
            found[key] = path.read_text(encoding="ascii")
    return found | dict.fromkeys(names, "")


def _selectors(home: Home, expected: dict[str, str]) -> dict[str, str]:
    """Which selector signs for each domain; those that the map does not name have the usual one."""
    path = home.rspamd / "dkim_selectors.map"
    text = path.read_text(encoding="ascii") if path.exists() else ""
    listed = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
    return dict.fromkeys(expected, "ms1") | listed
