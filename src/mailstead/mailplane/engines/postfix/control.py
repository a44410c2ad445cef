"""Postfix's own commands: maps changed in place, queue, start.

Only Postfix's tools may write an lmdb map: another program's locking corrupts it. postmap(1) keeps
the map's file and changes it in transactions that running processes read around (LMDB_README), so
no daemon restarts and a session that is open sees a change at its next look-up.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.postfix.model import (
    COMMANDS,
    GENERATION,
    MAP_NAMES,
    PROGRAMS,
    PostfixModel,
)
from mailstead.mailplane.engines.processes import EngineError, run, running
from mailstead.standards.refusal import Refusal

BULK = 2000
"""Changes from which on one transaction for the whole map is quicker than one for each key."""
_BULK_SECONDS = 600.0
_TEMPORARY = 75  # EX_TEMPFAIL (sysexits.h): the mail system is down
_UNAVAILABLE = 69  # EX_UNAVAILABLE


def _line(key: str, value: str) -> str:
    """One line of postmap's input; refuses what postmap would read as something else."""
    if not value or not value.isascii() or not value.isprintable() or value != value.strip():
        raise Refusal("map-value-invalid", f"The value of {key!r} cannot stand in a Postfix map.")
    return f"{_key(key)} {value}\n"


def _key(key: str) -> str:
    # White space would split the key, '#' begins a comment, '"' a quoted key; postmap folds case.
    if (
        not key
        or not key.isascii()
        or not key.isprintable()
        or " " in key
        or key[0] in '#"'
        or key != key.lower()
    ):
        raise Refusal("map-key-invalid", f"{key!r} cannot be a key of a Postfix map.")
    return key


class Postmap:
    """The maps of one instance; `name` is always one of `MAP_NAMES`. One writer at a time."""

    def __init__(self, home: Home) -> None:
        self._config = str(home.postfix)
        self._maps = home.maps
        self._generation = home.maps / f"{GENERATION}.db"

    def _path(self, name: str) -> Path:
        if name not in MAP_NAMES:
            raise ValueError(f"no such map: {name}")
        return self._maps / name

    def _command(self, name: str, *options: str) -> list[str]:
        postmap = str(COMMANDS / "postmap")
        return [postmap, "-c", self._config, *options, f"lmdb:{self._path(name)}"]

    def create(self) -> None:
        """Make every map that is missing, empty: a missing map makes Postfix answer 451."""
        self._maps.mkdir(parents=True, exist_ok=True)
        if not self._generation.exists():
            source = self._maps / GENERATION
            source.touch()
            run([str(COMMANDS / "postmap"), "-c", self._config, f"btree:{source}"])
            source.unlink()
        for name in MAP_NAMES:
            if not self._path(name).with_suffix(".lmdb").exists():
                self.replace(name, {})

    def update(self, name: str, puts: Mapping[str, str], deletes: Collection[str]) -> None:
        """Change some keys in place; repeating it is harmless. Raises `EngineError`, `Refusal`.

        A key that is put is never absent in between; one that is put and deleted is put.
        """
        gone = [_key(key) for key in deletes if key not in puts]
        lines = "".join(_line(key, value) for key, value in puts.items())
        if len(puts) + len(gone) > BULK:
            kept = self.dump(name)
            for key in gone:
                kept.pop(key, None)
            self.replace(name, {**kept, **puts})
            return
        if lines:
            run(self._command(name, "-i", "-r"), stdin=lines)
        if gone:
            self._quiet(name, "-d", gone)
        if name == "domains":
            self._renew_listeners()

    def replace(self, name: str, entries: Mapping[str, str]) -> None:
        """Make the map hold exactly `entries`, in one transaction. Raises as `update`.

        The file stays the same one: a submission session keeps the file that it has opened, and
        would never learn what a renamed file says.
        """
        source = self._path(name)
        try:
            with source.open("w", encoding="ascii") as out:
                out.writelines(_line(key, value) for key, value in entries.items())
            run(self._command(name), timeout=_BULK_SECONDS)
        finally:
            source.unlink(missing_ok=True)
        if name == "domains":
            self._renew_listeners()

    def _renew_listeners(self) -> None:
        """Let each smtpd(8) end before its next connection; open sessions go on.

        It remembers for its whole life of a hundred connections how it has once resolved an
        address: a domain that is new would be "Relay access denied" for whoever tried before.
        """
        if self._generation.exists():
            before = self._generation.stat().st_mtime
            os.utime(self._generation, (before, max(time.time(), int(before) + 1.0)))

    def dump(self, name: str) -> dict[str, str]:
        """All entries. Raises `EngineError`."""
        return dict(_pairs(run(self._command(name, "-s"), timeout=_BULK_SECONDS).out))

    def query(self, name: str, keys: Sequence[str]) -> dict[str, str]:
        """The values of those keys that the map has (exact keys). Raises `EngineError`."""
        return dict(_pairs(self._quiet(name, "-q", keys))) if keys else {}

    def _quiet(self, name: str, option: str, keys: Sequence[str]) -> str:
        """`postmap -q -` or `-d -`, where exit code 1 says that no key was there."""
        stdin = "".join(f"{_key(key)}\n" for key in keys)
        done = run(self._command(name, option, "-"), stdin=stdin, accept=(0, 1))
        if done.code and done.err.strip():
            raise EngineError(f"postmap: {done.err.strip().splitlines()[-1]}")
        return done.out


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, _, value = line.partition("\t")
        yield key, value


def command(model: PostfixModel) -> list[str]:
    """What the supervisor runs: master(8) itself, in the foreground as long as none says `-w`.

    Not `postfix start-fg`: that is a shell which waits for master, and a supervisor that kills it
    would leave master behind.
    """
    return [str(PROGRAMS / "master"), "-c", str(model.home.postfix), "-s"]


def prepare(model: PostfixModel) -> None:
    """Make the maps and directories with their owners. Idempotent; raises `EngineError`."""
    home = model.home
    home.spool.mkdir(parents=True, exist_ok=True)
    home.spool.chmod(0o755)
    home.postfix_data.mkdir(parents=True, exist_ok=True)
    shutil.chown(home.postfix_data, "postfix", "root")
    home.postfix_data.chmod(0o700)
    home.log.mkdir(parents=True, exist_ok=True)
    if not model.operator:
        model.postmaster.mkdir(mode=0o700, exist_ok=True)
        shutil.chown(model.postmaster, *model.mail_owner)
    for folder in (home.reports, *(home.reports / box for _, box in model.reports)):
        folder.mkdir(mode=0o700, exist_ok=True)
        shutil.chown(folder, *model.mail_owner)
    Postmap(home).create()
    check_config(model)


def leftovers(home: Home) -> set[int]:
    """The numbers of all running processes of this instance's Postfix.

    They keep the instance's mark in their environment (import_environment).
    """
    mark = f"MAILSTEAD_HOME={home.root}\0".encode()
    return {
        process.number
        for process in running()
        if process.program.startswith(f"{PROGRAMS}/") and mark in process.environment
    }


def _postfix(home: Home, word: str, accept: tuple[int, ...] = (0,)) -> str:
    return run([str(COMMANDS / "postfix"), "-c", str(home.postfix), word], accept=accept).err


def check_config(model: PostfixModel) -> None:
    """Let Postfix judge its files and mend its queue directory; raises `EngineError`.

    `postfix check` makes the queue's directories with their owners and puts queue files that were
    copied from another disk back under their right names (postsuper(1) -s).
    """
    words = _postfix(model.home, "check").strip()
    unused = run([str(COMMANDS / "postconf"), "-c", str(model.home.postfix), "-n"]).err.strip()
    for line in (words + "\n" + unused).splitlines():
        if "warning: " in line or "fatal: " in line:
            raise EngineError(line.strip())


def reload(home: Home) -> None:
    """Tell the running Postfix that its files changed; open sessions go on."""
    _postfix(home, "reload")


def reopen_log(home: Home, pid: int) -> None:
    """Write to the log that now has its name: postlogd(8) ends with a reload and begins anew."""
    reload(home)


def queue(home: Home) -> list[dict[str, object]]:
    """The messages in the queue as postqueue(1) -j describes them; works while Postfix is down."""
    done = run([str(COMMANDS / "postqueue"), "-c", str(home.postfix), "-j"])
    return [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]


def flush(home: Home) -> None:
    """Try every deferred message now; nothing happens while Postfix is down."""
    run(
        [str(COMMANDS / "postqueue"), "-c", str(home.postfix), "-f"],
        accept=(0, _UNAVAILABLE, _TEMPORARY),
    )
