"""Postfix's own commands: maps changed in place, queue, start.

Only Postfix's tools may write an lmdb map: another program's locking corrupts it. `postmap -i` and
`-d` change a map that running processes read, in one transaction, without any restart (postmap(1),
LMDB_README).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.postfix.model import COMMANDS, MAP_NAMES, PROGRAMS, PostfixModel
from mailstead.mailplane.engines.processes import run
from mailstead.standards.refusal import Refusal


def _entry(key: str, value: str) -> str:
    """One line of postmap's input; refuses what postmap would read as something else."""
    _check_key(key)
    if not value or not value.isprintable() or value != value.strip():
        raise Refusal("map-value-invalid", f"The value of '{key}' cannot stand in a Postfix map.")
    return f"{key} {value}\n"


def _check_key(key: str) -> None:
    # White space would split the key, '#' begins a comment, '"' a quoted key (postmap(1)).
    if not key or not key.isprintable() or key[0] in '#"' or any(c.isspace() for c in key):
        raise Refusal("map-key-invalid", f"{key!r} cannot be a key of a Postfix map.")


class Postmap:
    """The maps of one instance."""

    def __init__(self, home: Home) -> None:
        self._config = str(home.postfix)
        self._maps = home.maps

    def _command(self, *options: str) -> list[str]:
        return [str(COMMANDS / "postmap"), "-c", self._config, *options]

    def path(self, name: str) -> Path:
        """The map's file without its ending; `name` is one of `MAP_NAMES`."""
        if name not in MAP_NAMES:
            raise ValueError(f"no such map: {name}")
        return self._maps / name

    def create(self) -> None:
        """Make every map that is missing, empty."""
        self._maps.mkdir(parents=True, exist_ok=True)
        for name in MAP_NAMES:
            if not self.path(name).with_suffix(".lmdb").exists():
                self.replace(name, {})

    def update(self, name: str, puts: Mapping[str, str], deletes: Collection[str]) -> None:
        """Change some keys of a map in place; raises `EngineError`, `Refusal`.

        A key that is put is never absent in between: `-i` with `-r` replaces it.
        """
        gone = [key for key in deletes if key not in puts]
        for key in gone:
            _check_key(key)
        target = f"lmdb:{self.path(name)}"
        if puts:
            lines = "".join(_entry(key, value) for key, value in puts.items())
            run(self._command("-i", "-r", target), stdin=lines)
        if gone:
            # Exit 1 says that a key was not there: a repeated journal entry.
            run(
                self._command("-d", "-", target),
                stdin="".join(f"{key}\n" for key in gone),
                accept=(0, 1),
            )

    def replace(self, name: str, entries: Mapping[str, str]) -> None:
        """Make the map hold exactly `entries`, in one step for all who read it.

        postmap empties and fills an lmdb map within one transaction on the same file, so that a
        session that has it open sees the old or the new content and never less (measured with
        800,000 look-ups during 60 rebuilds of 100,000 entries).
        """
        path = self.path(name)
        path.write_text("".join(_entry(k, v) for k, v in entries.items()), encoding="ascii")
        run(self._command(f"lmdb:{path}"), timeout=600)
        path.with_suffix(".lmdb").chmod(0o644)
        path.unlink()

    def dump(self, name: str) -> dict[str, str]:
        """All entries of a map."""
        done = run(self._command("-s", f"lmdb:{self.path(name)}"), timeout=600)
        pairs = (line.split("\t", 1) for line in done.out.splitlines())
        return dict(pairs)

    def query(self, name: str, keys: Sequence[str]) -> dict[str, str]:
        """The values of those keys that the map has (exact keys, `postmap -q`)."""
        done = run(
            self._command("-q", "-", f"lmdb:{self.path(name)}"),
            stdin="".join(f"{key}\n" for key in keys),
            accept=(0, 1),
        )
        pairs = (line.split("\t", 1) for line in done.out.splitlines())
        return dict(pairs)


def command(model: PostfixModel) -> list[str]:
    """What the supervisor runs: master(8) itself in the foreground (`-s`, as start-fg does)."""
    return [str(PROGRAMS / "master"), "-c", str(model.home.postfix), "-s"]


def prepare(model: PostfixModel) -> None:
    """Make queue and data directories with Postfix's own owners (`postfix check` fills them)."""
    home = model.home
    for path, user in ((home.spool, "root"), (home.postfix_data, "postfix")):
        path.mkdir(parents=True, exist_ok=True)
        shutil.chown(path, user, "root" if user == "root" else "postfix")
        path.chmod(0o755 if user == "root" else 0o700)
    Postmap(home).create()
    check_config(model)


def check_config(model: PostfixModel) -> None:
    """Let Postfix judge its files and mend its directories; raises `EngineError`."""
    run([str(COMMANDS / "postfix"), "-c", str(model.home.postfix), "check"])


def reload(model: PostfixModel) -> None:
    """Tell the running Postfix that its files changed."""
    run([str(COMMANDS / "postfix"), "-c", str(model.home.postfix), "reload"])


def queue(home: Home) -> list[dict[str, object]]:
    """The messages in the queue as postqueue(1) -j describes them."""
    done = run([str(COMMANDS / "postqueue"), "-c", str(home.postfix), "-j"], accept=(0, 69))
    return [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]


def flush(home: Home) -> None:
    """Try every deferred message now."""
    run([str(COMMANDS / "postqueue"), "-c", str(home.postfix), "-f"], accept=(0, 69))
