"""Processes whose program has been replaced while they run, and starting them anew.

Debian's security updates replace the engines' programs and libraries, an upgrade of Mailstead
replaces our own code, a change of `mailstead.toml` the settings that our processes have read. None
of that reaches a process that runs.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import struct
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import mailstead
from mailstead.home import Home
from mailstead.mailplane.node import supervise
from mailstead.mailplane.node.registry import ENGINES

INSTALLED = ("/usr/", "/lib")
"""Where Debian's packages put programs and libraries."""
DPKG_LOCK = Path("/var/lib/dpkg/lock")
# An executable mapping of a file that is gone (proc(5), /proc/pid/maps).
_GONE = re.compile(r"^\S+ ..x. \S+ \S+ \S+ +(/.+) \(deleted\)$", re.MULTILINE)


def replaced(pid: int, below: Sequence[str] = INSTALLED) -> bool:
    """Whether a process runs a program or library that is no longer the installed one."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(path.startswith(tuple(below)) for path in _GONE.findall(maps))


def packages_change() -> bool:
    """Whether dpkg is at work: what it has unpacked may not be ready to start yet."""
    try:
        with DPKG_LOCK.open("r+b") as lock:
            # Asked, not taken (fcntl(2), F_GETLK): apt must not find it held.
            asked = struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)
            answer = fcntl.fcntl(lock, fcntl.F_GETLK, asked)
    except OSError:
        return False
    return bool(struct.unpack("hhqqi", answer)[0] != fcntl.F_UNLCK)


def updated_under(home: Home, seconds: int = 0) -> list[str]:
    """The processes that run for `seconds` at least, and whose program a package has replaced."""
    return [
        process.name
        for process in supervise.status(home)
        if process.state == "RUNNING" and process.seconds >= seconds and replaced(process.pid)
    ]


def outdated(home: Home) -> list[str]:
    """These, and our own processes when our code or the settings are newer than what they read."""
    names = updated_under(home)
    if not is_current(home):
        running = [process.name for process in supervise.status(home)]
        own = [name for name in running if name not in ENGINES or ENGINES[name].ours]
        names += [name for name in own if name not in names]
    return names


def is_current(home: Home) -> bool:
    """Whether our own processes run the code and the settings that are there."""
    mark = _mark_file(home)
    return mark.exists() and mark.read_text(encoding="ascii") == _mark(home)


def renew(home: Home, progress: supervise.Progress) -> list[str]:
    """Start outdated processes anew; returns their names. Wait for them with `supervise.start`."""
    names = outdated(home)
    for name in names:
        progress(f"Restarting {name}: its program or settings are newer than what runs")
        supervise.restart(home, name)
    return names


def remember(home: Home) -> None:
    """Note that our own processes now run the code and the settings that are there."""
    _mark_file(home).write_text(_mark(home), encoding="ascii")


def _mark_file(home: Home) -> Path:
    return home.run / "program"


def _mark(home: Home) -> str:
    """What our processes have read at their start, as one word."""
    digest = hashlib.sha256(home.settings_file.read_bytes())
    # Pages and texts too: a process keeps those that it has read.
    for path in sorted(Path(mailstead.__file__).parent.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.read_bytes())
    packages = Path(sysconfig.get_path("purelib")).glob("*.dist-info")
    digest.update("\n".join(sorted(path.name for path in packages)).encode())
    return digest.hexdigest()
