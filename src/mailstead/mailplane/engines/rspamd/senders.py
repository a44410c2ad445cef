"""Whose each address is, as files that Rspamd's rule of the own From reads.

The same entries as Postfix's map `senders`, which only Postfix's own programs can read: address and
the SMTP log-ins that may use it, one a line, spread by the address's SHA-256 over 4,096 small
files. A message costs one look into one of them, and a change is there when its file is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.rspamd.model import USER

_COMPLETE = "complete"
_DIGITS = 3


def _file_of(address: str) -> str:
    return hashlib.sha256(address.encode("ascii")).hexdigest()[:_DIGITS]


class SenderFiles:
    """The files of one instance; one writer at a time (the agent)."""

    def __init__(self, home: Home) -> None:
        self._folder = home.sender_files

    @property
    def complete(self) -> bool:
        """Whether they have ever been filled; until then Rspamd answers "later" to our users."""
        return (self._folder / _COMPLETE).exists()

    def update(self, puts: Mapping[str, str], deletes: Collection[str]) -> None:
        """Change some addresses; on disk when this returns. Repeating it is harmless."""
        touched: dict[str, dict[str, str | None]] = defaultdict(dict)
        for address in deletes:
            touched[_file_of(address)][address] = None
        for address, log_ins in puts.items():
            touched[_file_of(address)][address] = log_ins
        for name, changes in touched.items():
            entries: dict[str, str | None] = {**self._read(self._folder / name), **changes}
            self._write(name, {key: text for key, text in entries.items() if text is not None})

    def replace(self, entries: Mapping[str, str]) -> None:
        """Make the files hold exactly `entries`, file by file: none is ever empty in between."""
        self._make()
        wanted: dict[str, dict[str, str]] = defaultdict(dict)
        for address, log_ins in entries.items():
            wanted[_file_of(address)][address] = log_ins
        for path in self._folder.iterdir():
            if path.name != _COMPLETE and path.name not in wanted:
                path.unlink()
        for name, some in wanted.items():
            if self._read(self._folder / name) != some:
                self._write(name, some, durable=False)
        # Once for all of them: a wait for the disk each would be a minute on a slow one.
        os.sync()
        (self._folder / _COMPLETE).touch(mode=0o644)

    def dump(self) -> dict[str, str]:
        """All entries."""
        found: dict[str, str] = {}
        if self._folder.exists():
            for path in self._folder.iterdir():
                if len(path.name) == _DIGITS:
                    found |= self._read(path)
        return found

    def _make(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self._folder, "root", USER)
        self._folder.chmod(0o750)

    def _read(self, path: Path) -> dict[str, str]:
        if not path.exists():
            return {}
        lines = path.read_text(encoding="ascii").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def _write(self, name: str, entries: Mapping[str, str], *, durable: bool = True) -> None:
        self._make()
        path = self._folder / name
        part = path.with_name(f"{name}.part")
        with part.open("w", encoding="ascii") as out:
            out.writelines(f"{key} {text}\n" for key, text in sorted(entries.items()))
            out.flush()
            if durable:
                os.fsync(out.fileno())
        part.chmod(0o644)
        part.replace(path)
