"""What the engines still have to be told: kept on disk until they have been."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import msgspec

from mailstead.home import Home
from mailstead.mailplane.directory.ports import Maps, Sessions, Signing, Zones
from mailstead.mailplane.directory.stores import Stores, replace_file
from mailstead.wire.changes import ZonePut

_BATCH = 20_000
"""Journal rows worked off at once; bounds memory."""
MAP_ORDER = (
    *("credentials", "recipients", "peers", "transport", "aliases", "senders", "classes"),
    "domains",
)
"""A log-in ends before anything else; a domain is announced when its addresses are there."""


class Journal:
    """The table `journal` and the hands that work it off."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        home: Home,
        maps: Maps,
        sessions: Sessions,
        signing: Signing,
        stores: Stores,
        compare: Callable[[], object],
        zones: Zones | None = None,
    ) -> None:
        self._db = connection
        self._scripts = home.sieve
        self._maps = maps
        self._sessions = sessions
        self._signing = signing
        self._stores = stores
        self._compare = compare
        self._zones = zones

    def add(self, task: str, name: str, key: str, value: str) -> None:
        """Note a task; inside the transaction that makes it necessary."""
        self._db.execute(
            "INSERT INTO journal (task, map, key, value) VALUES (?, ?, ?, ?)",
            (task, name, key, value),
        )

    def clear(self) -> None:
        """Forget the tasks on entries that a rebuild compares itself: all but the signing keys.

        What becomes of a key that is gone is not seen by comparing.
        """
        self._db.execute(
            "DELETE FROM journal WHERE task IN ('put', 'delete') AND map NOT IN ('dkim', 'signing')"
        )

    def drain(self) -> list[str]:
        """Do all that is noted, in order; returns the stores that were purged."""
        purged: list[str] = []
        while rows := self._db.execute(
            "SELECT id, task, map, key, value FROM journal ORDER BY id LIMIT ?", (_BATCH,)
        ).fetchall():
            self._entries([row for row in rows if row[1] in ("put", "delete")])
            kicked = {row[3] for row in rows if row[1] == "kick"}
            if kicked:
                self._sessions.kick(sorted(kicked))
            for _, task, _, key, value in rows:
                if task == "displace":
                    self._stores.displace(key, value)
                elif task == "restore":
                    self._stores.restore(key, value)
                elif task == "purge":
                    self._stores.purge(key, value)
                    purged.append(value)
                elif task == "compare":
                    self._compare()
            self._db.execute("DELETE FROM journal WHERE id <= ?", (rows[-1][0],))
        return purged

    def _entries(self, rows: list[tuple[int, str, str, str, str]]) -> None:
        puts: dict[str, dict[str, str]] = defaultdict(dict)
        deletes: dict[str, set[str]] = defaultdict(set)
        for _, task, name, key, value in rows:
            if task == "put":
                puts[name][key] = value
                deletes[name].discard(key)
            else:
                puts[name].pop(key, None)
                deletes[name].add(key)
        for name in MAP_ORDER:
            if puts[name] or deletes[name]:
                self._maps.update(name, puts[name], deletes[name])
        for key, text in puts["sieve"].items():
            self.write_script(key, text)
        for key in deletes["sieve"]:
            self.remove_script(key)
        # A key is there before it signs, and until another one does.
        for key, pem in puts["dkim"].items():
            self.put_key(key, pem)
        if puts["signing"] or deletes["signing"]:
            self.choose(puts["signing"], deletes["signing"])
        for key in deletes["dkim"]:
            domain, selector = key.split("/")
            self._signing.remove(domain, selector)
        if self._zones and (puts["zone"] or deletes["zone"]):
            self._zones.update(_zones(puts["zone"]), deletes["zone"])

    def serve_exactly(self, zones: Mapping[str, str]) -> None:
        """Hand Knot all zones that there are."""
        if self._zones:
            self._zones.replace(_zones(zones))

    def put_key(self, key: str, pem: str) -> None:
        """Hand a DKIM key (`domain/selector`) to Rspamd."""
        domain, selector = key.split("/")
        self._signing.put(domain, selector, pem)

    def choose(self, selectors: Mapping[str, str], gone: Collection[str] = ()) -> None:
        """Tell Rspamd which selector signs for each of these domains; none for `gone`."""
        self._signing.choose(selectors, gone)

    def scripts(self) -> list[str]:
        """Every script that lies there, as `domain/local part/name`."""
        return [
            str(path.relative_to(self._scripts).with_suffix(""))
            for path in self._scripts.glob("*/*/*.sieve")
        ]

    def script_path(self, key: str) -> Path:
        """Where the script `domain/local part/name` lies."""
        return self._scripts / f"{key}.sieve"

    def write_script(self, key: str, text: str) -> None:
        """Write a script and drop its compiled form, which is made anew at first use."""
        path = self.script_path(key)
        replace_file(path, text, self._scripts)
        path.with_suffix(".svbin").unlink(missing_ok=True)

    def remove_script(self, key: str) -> None:
        """Remove a script and its compiled form."""
        path = self.script_path(key)
        path.unlink(missing_ok=True)
        path.with_suffix(".svbin").unlink(missing_ok=True)


def _zones(answers: Mapping[str, str]) -> dict[str, ZonePut]:
    return {name: msgspec.json.decode(text, type=ZonePut) for name, text in answers.items()}
