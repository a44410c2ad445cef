"""Whose mail lies where: a store keeps its mail even when its address is given to another.

A mailbox's mail lies under its address. When an address is removed and made anew within the grace
period, the old store's directory is moved to `<home>/mail/.removed/<store>`; when the removal is
undone it comes back; when the grace period ends it is deleted. Each step may be repeated.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import Protocol

from mailstead.home import Home


class Notes(Protocol):
    """Where tasks are noted: the journal."""

    def add(self, task: str, name: str, key: str, value: str) -> None:
        """Note a task."""


class Stores:
    """The table `store` and the directories that it speaks of."""

    def __init__(self, connection: sqlite3.Connection, home: Home) -> None:
        self._db = connection
        self._mail = home.mail

    def path(self, address: str) -> Path:
        """The home directory of the mailbox at an address."""
        local, _, domain = address.rpartition("@")
        return self._mail / domain / local

    def _aside(self, store: str) -> Path:
        return self._mail / ".removed" / store

    def claim(self, address: str, store: str, notes: Notes) -> None:
        """From now on `address` holds `store`; inside the transaction of its `MailboxPut`."""
        row = self._db.execute("SELECT store FROM store WHERE address = ?", (address,)).fetchone()
        if row and row[0] == store:
            return
        if row:
            notes.add("displace", "", address, row[0])
        notes.add("restore", "", address, store)
        self._db.execute("INSERT OR REPLACE INTO store VALUES (?, ?)", (address, store))

    def displace(self, address: str, store: str) -> None:
        """Move the mail at an address aside, as that of `store`."""
        here, aside = self.path(address), self._aside(store)
        if here.exists() and not aside.exists():
            self._make(aside.parent)
            here.rename(aside)

    def restore(self, address: str, store: str) -> None:
        """Bring the mail of `store` back to its address, where it was moved aside."""
        here, aside = self.path(address), self._aside(store)
        if aside.exists() and not here.exists():
            self._make(here.parent)
            aside.rename(here)

    def purge(self, address: str, store: str) -> None:
        """Delete the mail of `store`, wherever it lies; never that of another."""
        aside = self._aside(store)
        row = self._db.execute("SELECT store FROM store WHERE address = ?", (address,)).fetchone()
        if row and row[0] == store:
            self.displace(address, store)
            self._db.execute("DELETE FROM store WHERE address = ?", (address,))
        if aside.exists():
            shutil.rmtree(aside)

    def _make(self, path: Path) -> None:
        """Make a directory below the mail store, owned as the store is."""
        if not path.exists():
            path.mkdir(parents=True)
            own_as(path, self._mail)


def own_as(path: Path, model: Path) -> None:
    """Give `path` the owner of `model`, where we may."""
    if os.geteuid() == 0:
        status = model.stat()
        os.chown(path, status.st_uid, status.st_gid)


def replace_file(path: Path, text: str, root: Path) -> None:
    """Write a file below `root` by rename, owned as `root` is, directories included."""
    missing = [p for p in (path.parent, *path.parent.parents) if not p.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    for directory in missing:
        own_as(directory, root)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    own_as(part, root)
    part.replace(path)
