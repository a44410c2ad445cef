"""Storage in use, as Dovecot tells it after every change to a mailbox (quota_clone).

Protocol: Dovecot's dictionary protocol as its 2.3 clients speak it, over a unix socket: `H` greets,
    `B` begins a transaction for a user, `S` sets a key, `C` commits; the answer to a commit is `O`
    with the number of the transaction. The keys are priv/quota/storage (bytes) and
    priv/quota/messages.
Files: `<home>/run/usage.sock`; `<home>/usage/usage.db`, table `usage`, written every few seconds.
Known limits: what is told within the last seconds before a crash, or while the agent is away, is
    known after the next change to that mailbox. A delivery does not wait for the disk here: a
    database that is committed to at each one costs a tenth of the deliveries, and loses some of
    what it is told when many come at once.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from contextlib import closing, suppress

from mailstead.home import Home
from mailstead.mailplane.node.users import MAIL

Usage = dict[str, tuple[int, int]]
"""Address → bytes and messages."""
_STORAGE, _MESSAGES = "priv/quota/storage", "priv/quota/messages"
_LONGEST_LINE = 65_536


class UsageBook:
    """Listens in a thread of its own, and remembers what has changed."""

    def __init__(self, home: Home) -> None:
        self._socket = home.usage_socket
        self._database = home.usage_database
        self._lock = threading.Lock()
        self._told: dict[str, dict[str, int]] = {}
        """Address → key → value, since they were last taken."""
        self._database.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as database:
            rows = database.execute("SELECT username, bytes, messages FROM usage").fetchall()
        for address, size, count in rows:
            self._told[address] = {_STORAGE: size, _MESSAGES: count}

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._database, timeout=20)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS usage (username TEXT PRIMARY KEY, "
            "bytes INTEGER NOT NULL DEFAULT 0, messages INTEGER NOT NULL DEFAULT 0)"
        )
        return database

    def take(self) -> Usage:
        """What was told since the last call, written to the database; at first all that it holds.

        Raises `sqlite3.Error`; nothing is forgotten then.
        """
        with self._lock:
            told, self._told = self._told, {}
        if not told:
            return {}
        try:
            with closing(self._open()) as database, database:
                return {address: self._write(database, address, told[address]) for address in told}
        except sqlite3.Error:
            with self._lock:
                self._told = {
                    address: told.get(address, {}) | self._told.get(address, {})
                    for address in told.keys() | self._told.keys()
                }
            raise

    def _write(
        self, database: sqlite3.Connection, address: str, values: dict[str, int]
    ) -> tuple[int, int]:
        database.execute("INSERT OR IGNORE INTO usage (username) VALUES (?)", (address,))
        row: tuple[int, int] = database.execute(
            "UPDATE usage SET bytes = COALESCE(?, bytes), messages = COALESCE(?, messages) "
            "WHERE username = ? RETURNING bytes, messages",
            (values.get(_STORAGE), values.get(_MESSAGES), address),
        ).fetchone()
        return row

    def listen(self) -> threading.Thread:
        """Begin; returns when Dovecot can connect. The thread ends with the process."""
        listening = threading.Event()
        thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listening)), name="usage", daemon=True
        )
        thread.start()
        if not listening.wait(10):
            raise OSError(f"cannot listen at {self._socket}")
        return thread

    async def _serve(self, listening: threading.Event) -> None:
        self._socket.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(
            self._converse, self._socket, limit=_LONGEST_LINE, backlog=1024
        )
        shutil.chown(self._socket, MAIL)
        self._socket.chmod(0o600)
        listening.set()
        async with server:
            await server.serve_forever()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones: dict[str, tuple[str, dict[str, int]]] = {}
        # A line too long, a number that is none, a transaction never begun: not Dovecot. End it.
        with closing(writer), suppress(ConnectionError, ValueError, LookupError):
            while line := (await reader.readline()).decode("utf-8", "replace").rstrip("\n"):
                word, (number, *rest) = line[0], line[1:].split("\t")
                if word == "B":
                    open_ones[number] = (rest[0], {})
                elif word == "S":
                    open_ones[number][1][rest[0]] = int(rest[1])
                elif word == "R":
                    del open_ones[number]
                elif word in "CD":
                    self._note(*open_ones.pop(number))
                    writer.write(f"O{number}\n".encode())
                    await writer.drain()

    def _note(self, address: str, values: dict[str, int]) -> None:
        with self._lock:
            self._told.setdefault(address, {}).update(values)
