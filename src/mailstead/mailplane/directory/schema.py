"""The node's directory on disk: one SQLite file, written by the agent, read by Dovecot.

WAL mode, so that auth workers read while the agent writes; readers need write access to the `-shm`
file, hence group `dovecot` and mode 0660 in a directory of mode 0770. The file is never replaced by
rename: Dovecot keeps it open.

| table | holds |
|---|---|
| `meta` | `revision`: the feed revision that state and answers add up to; `schema` |
| `thing` | the wire message of each thing that exists, by kind and key |
| `pointer` | which domain or address a thing points to, to find what a change touches |
| `answer` | every entry that follows from the things, by map and key, and from which owner |
| `login` | Dovecot's passdb and userdb (docs/develop/contracts.md) |
| `app_login` | Dovecot's second passdb: app passwords by their SHA-256 |
| `login_name` | other names by which mailboxes log in |
| `own_spam` | mailboxes whose own script says what is spam, instead of the house's |
| `store` | which store's mail lies under which address |
| `journal` | what the engines still have to be told |
"""

from __future__ import annotations

import grp
import os
import sqlite3
from pathlib import Path

READER_GROUP = "dovecot"
SCHEMA = 6
"""Raised when answers are made in another way: a node with older ones takes a snapshot."""

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS thing (
  kind TEXT NOT NULL, key TEXT NOT NULL, domain TEXT NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS thing_domain ON thing (domain, kind, key);
CREATE TABLE IF NOT EXISTS pointer (
  kind TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
  PRIMARY KEY (kind, source, target)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pointer_target ON pointer (target, kind);
CREATE TABLE IF NOT EXISTS answer (
  map TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  owner TEXT NOT NULL, domain TEXT NOT NULL,
  PRIMARY KEY (map, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answer_owner ON answer (owner);
CREATE INDEX IF NOT EXISTS answer_domain ON answer (domain, owner);
CREATE TABLE IF NOT EXISTS login (
  address TEXT PRIMARY KEY, secret TEXT NOT NULL, smtp_user TEXT NOT NULL,
  may_login INTEGER NOT NULL, deliverable INTEGER NOT NULL, quota INTEGER NOT NULL,
  responder INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS app_login (
  digest TEXT PRIMARY KEY, address TEXT NOT NULL, smtp_user TEXT NOT NULL,
  protocols TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS login_name (
  name TEXT PRIMARY KEY, address TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS own_spam (address TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS store (address TEXT PRIMARY KEY, store TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (
  id INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL, map TEXT NOT NULL,
  key TEXT NOT NULL, value TEXT NOT NULL);
INSERT OR IGNORE INTO meta VALUES ('revision', 0);
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the directory for writing, making it where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=20, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    # The revision that is acknowledged must survive a power cut.
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(_TABLES)
    _open_to_readers(path)
    return connection


def _open_to_readers(path: Path) -> None:
    if os.geteuid() != 0:
        return
    group = grp.getgrnam(READER_GROUP).gr_gid
    os.chown(path.parent, 0, group)
    path.parent.chmod(0o770)
    # SQLite gives -wal and -shm the mode and owner of the main file.
    for part in (path, *path.parent.glob(path.name + "-*")):
        os.chown(part, 0, group)
        part.chmod(0o660)
