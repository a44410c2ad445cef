"""What is known of clients and accounts, on disk; and who is kept out, for the agent to read.

Written behind, every second in one transaction: a kill loses at most a second of guesses.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import msgspec
import structlog

from mailstead.mailplane.guard.database import opened, transaction
from mailstead.mailplane.guard.logins.detector import (
    MOST_ACCOUNTS,
    MOST_CLIENTS,
    Block,
    LoginDetector,
    blocks_of,
)
from mailstead.mailplane.guard.logins.limits import DEVICE_KEEPS, FORGET, SLOW
from mailstead.mailplane.guard.logins.state import AccountState, ClientState

MOST_AT_ONCE = 2_000
"""Clients, and accounts, that are written at once: questions wait meanwhile."""
_TABLES = """
CREATE TABLE IF NOT EXISTS client (
  key TEXT PRIMARY KEY, raw BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS client_at ON client (at);
CREATE TABLE IF NOT EXISTS account (
  name TEXT PRIMARY KEY, raw BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS block (
  client TEXT NOT NULL, account TEXT NOT NULL, reason TEXT NOT NULL, since REAL NOT NULL,
  until REAL NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (client, account)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS block_account ON block (account);
CREATE TABLE IF NOT EXISTS lifted (key TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""
_CLIENT = msgspec.msgpack.Decoder(ClientState)
_ACCOUNT = msgspec.msgpack.Decoder(AccountState)

log = structlog.get_logger("guard")


class LoginMemory:
    """The file; one writer, the guard. Raises `sqlite3.Error` when it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._db = opened(path, _TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def fill(self, detector: LoginDetector) -> None:
        """Let a detector know what was known."""
        detector.load = self.load
        rows = self._db.execute(
            "SELECT key, raw FROM client ORDER BY at DESC LIMIT ?", (MOST_CLIENTS,)
        )
        for key, raw in reversed(rows.fetchall()):
            try:
                detector.recall(key, _CLIENT.decode(raw))
            except msgspec.MsgspecError as error:
                log.error("client unreadable", client=key, words=str(error))

    def load(self, name: str) -> AccountState | None:
        """What is known of an account; None: nothing, or nothing that can be read."""
        row = self._db.execute("SELECT raw FROM account WHERE name = ?", (name,)).fetchone()
        try:
            return _ACCOUNT.decode(row[0]) if row else None
        except msgspec.MsgspecError as error:
            log.error("account unreadable", account=name, words=str(error))
            return None

    def keep(self, detector: LoginDetector, at: float) -> int:
        """Write what has changed, and let go of accounts that were not used lately.

        At most `MOST_AT_ONCE` of each; the rest waits for the next time. Returns how many.
        """
        clients = list(islice(detector.changed_clients, MOST_AT_ONCE))
        accounts = list(islice(detector.changed_accounts, MOST_AT_ONCE))
        if clients or accounts:
            with transaction(self._db):
                for name in clients:
                    self._keep_client(name, detector.clients.get(name), at)
                for name in accounts:
                    self._keep_account(name, detector.accounts.get(name), at)
        detector.changed_clients.difference_update(clients)
        detector.changed_accounts.difference_update(accounts)
        for name in list(islice(detector.accounts, max(0, len(detector.accounts) - MOST_ACCOUNTS))):
            if name not in detector.changed_accounts:
                del detector.accounts[name]
        return len(clients) + len(accounts)

    def _keep_client(self, name: str, state: ClientState | None, at: float) -> None:
        self._db.execute("DELETE FROM block WHERE client = ?", (name,))
        if state is None or not (state.tried or state.ban):
            self._db.execute("DELETE FROM client WHERE key = ?", (name,))
            return
        row = name, msgspec.msgpack.encode(state), int(at)
        self._db.execute("INSERT OR REPLACE INTO client VALUES (?, ?, ?)", row)
        self._block(one for one in blocks_of(name, state) if at < one.until)

    def _keep_account(self, name: str, state: AccountState | None, at: float) -> None:
        self._db.execute("DELETE FROM block WHERE client = '' AND account = ?", (name,))
        # Whoever makes names up must not fill the disk with them.
        if state is None or not (state.devices or len(state.wrong) >= SLOW):
            self._db.execute("DELETE FROM account WHERE name = ?", (name,))
            return
        row = name, msgspec.msgpack.encode(state), int(at)
        self._db.execute("INSERT OR REPLACE INTO account VALUES (?, ?, ?)", row)
        ban = state.ban
        if ban is not None and ban.holds(at):
            self._block([Block("", name, "attack", ban.since, ban.until, ban.count)])

    def _block(self, found: Iterable[Block]) -> None:
        rows = [(b.client, b.account, b.reason, b.since, b.until, b.count) for b in found]
        self._db.executemany("INSERT OR REPLACE INTO block VALUES (?, ?, ?, ?, ?, ?)", rows)

    def is_news(self, key: str, at: float) -> bool:
        """Whether a word of the control plane was not followed yet; it is from now on."""
        row = self._db.execute("SELECT at FROM lifted WHERE key = ?", (key,)).fetchone()
        if row is not None and row[0] >= at:
            return False
        self._db.execute("INSERT OR REPLACE INTO lifted VALUES (?, ?)", (key, at))
        return True

    def forget(self, account: str) -> None:
        """An account is gone."""
        self._db.execute("DELETE FROM account WHERE name = ?", (account,))

    def prune(self, at: float) -> None:
        """Forget what counts no more."""
        with transaction(self._db):
            self._db.execute("DELETE FROM client WHERE at < ?", (int(at - FORGET),))
            self._db.execute("DELETE FROM account WHERE at < ?", (int(at - DEVICE_KEEPS),))
            self._db.execute("DELETE FROM block WHERE until < ?", (at,))
            self._db.execute("DELETE FROM lifted WHERE at < ?", (at - FORGET,))
