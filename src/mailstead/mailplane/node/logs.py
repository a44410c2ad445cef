"""The engines' logs: a new file each day, old ones compressed and thrown away, trouble told.

`<home>/log/<engine>.log` is what an engine writes to now, `<engine>.log.<time>` what it wrote
before, compressed once nothing writes there any more. What our own processes print
(`<name>.out`) is rotated by the supervisor.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.nginx import redirects
from mailstead.mailplane.node.registry import ENGINES

LARGEST = 500 * 2**20
"""Bytes from which on a log is rotated before the day is over."""
SETTLED = timedelta(minutes=5)
"""After this time no process has the old file open."""
TAIL = 512 * 1024
"""Bytes at the end of a log in which trouble is looked for."""
_QUIET = ("nginx.log", redirects.LOG)
"""Logs that may stay empty for days while those beside them grow."""
_BESIDE = {"nginx": ("nginx-access.log", redirects.LOG)}
"""Logs of an engine that are rotated with its main one."""
_STAMP = "%Y%m%d-%H%M%S"


def _log(home: Home, engine: str) -> Path:
    return home.log / f"{engine}.log"


def rotate_due(home: Home, pids: Mapping[str, int], now: datetime, keep: timedelta) -> list[str]:
    """Rotate what is due, compress and throw away what is old; returns the rotated engines' names.

    `pids` are the running engines by name. Raises `EngineError`, `OSError`.
    """
    rotated: dict[str, list[Path]] = {}
    for name, pid in pids.items():
        log = _log(home, name)
        if name in ENGINES and log.exists() and _is_due(log, now):
            with_it = [home.log / other for other in _BESIDE.get(name, ())]
            rotated[name] = [_rotate(path, now) for path in (log, *with_it) if path.exists()]
            ENGINES[name].control.reopen_log(home, pid)
    fresh = {path for paths in rotated.values() for path in paths}
    for old in set(_old_files(home)) - fresh:
        age = now - datetime.fromtimestamp(old.stat().st_mtime, UTC)
        if age > keep:
            old.unlink()
        elif age > SETTLED and old.suffix != ".gz":
            _compress(old)
    return list(rotated)


def _is_due(log: Path, now: datetime) -> bool:
    """Whether the log was begun on an earlier day (UTC), or is large."""
    if log.stat().st_size == 0 and log.name not in _QUIET:
        return False
    begun = datetime.fromtimestamp(_begun(log), UTC)
    return begun.date() < now.date() or log.stat().st_size > LARGEST


def _begun(log: Path) -> float:
    """When the log was begun: a mark beside it, made at the first look."""
    mark = log.with_name(f".{log.name}.begun")
    if not mark.exists():
        mark.touch()
    return mark.stat().st_mtime


def _rotate(log: Path, now: datetime) -> Path:
    """Put the log aside, make an empty one with the same owner and mode; returns the old one.

    The engine itself may not make files in the directory.
    """
    before = log.stat()
    aside = log.with_name(f"{log.name}.{now.strftime(_STAMP)}")
    log.rename(aside)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, before.st_mode & 0o777)
    os.close(descriptor)
    mark = log.with_name(f".{log.name}.begun")
    os.utime(mark, (now.timestamp(), now.timestamp()))
    return aside


def _old_files(home: Home) -> Iterator[Path]:
    for name in ENGINES:
        for log in (f"{name}.log", *_BESIDE.get(name, ())):
            yield from home.log.glob(f"{log}.*")


def _compress(old: Path) -> None:
    """`FILE` becomes `FILE.gz` with the same owner, mode and time; never both are missing."""
    target = old.with_name(f"{old.name}.gz")
    part = old.with_name(f".{old.name}.part")
    with old.open("rb") as source, gzip.open(part, "wb", compresslevel=6) as packed:
        shutil.copyfileobj(source, packed)
    status = old.stat()
    os.chown(part, status.st_uid, status.st_gid)
    shutil.copystat(old, part)
    part.replace(target)
    old.unlink()


def troubles(home: Home) -> Iterator[tuple[str, str]]:
    """Engine and line of what means trouble on our side, at the end of each current log."""
    for name, engine in ENGINES.items():
        for line in _tail(_log(home, name)):
            if engine.log.problem(line):
                yield name, line


def _tail(log: Path) -> list[str]:
    try:
        with log.open("rb") as source:
            source.seek(max(0, log.stat().st_size - TAIL))
            return source.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
