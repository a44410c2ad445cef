"""Processes of this instance that outlived their parent, found by what they hold of its home."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from mailstead.config import HOME_VARIABLE
from mailstead.home import Home

_TERM_SECONDS = 5.0
_PROGRAMS = (
    "/usr/lib/postfix/",
    "/usr/lib/dovecot/",
    "/usr/sbin/dovecot",
    "/usr/bin/rspamd",
    "/usr/bin/redis-",
    "/usr/sbin/knotd",
    "/usr/sbin/unbound",
    "/usr/sbin/postsrsd",
    "/usr/sbin/nginx",
    "/usr/bin/mta-sts-daemon",
)
_MODULES = (
    "mailstead.mailplane.node.agent",
    "mailstead.mailplane.guard",
    "mailstead.mailplane.sending.router",
    "mailstead.control.project.worker",
    "mailstead.control.project.serve",
    "mailstead.mailplane.engines.tlspolicy.serve",
)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def _words(process: Path) -> list[str]:
    return _bytes_of(process / "cmdline").decode("utf-8", "replace").split("\0")


def program(process: Path) -> str:
    """Path of what a process (its folder in /proc) runs; of Python's the script or the module."""
    path = _link(process / "exe")
    if not Path(path).name.startswith("python"):
        return path
    words = [*_words(process)[1:3], "", ""]
    return words[1] if words[0] == "-m" else words[0]


def _engine(process: Path) -> bool:
    """Whether it is a program that an instance runs: never a shell or an editor of somebody."""
    if program(process).startswith(_PROGRAMS):
        return True
    words = _words(process)
    return any(word in _MODULES or word.endswith("/supervisord") for word in words[:4])


def _ours(process: Path, home: Home) -> bool:
    mark = f"{HOME_VARIABLE}={home.root}".encode()
    below = f"{home.root}/"
    return _engine(process) and (
        mark in _bytes_of(process / "environ").split(b"\0")
        or f"{_link(process / 'cwd')}/".startswith(below)
        or below.encode() in _bytes_of(process / "cmdline")
    )


def _ancestors() -> set[int]:
    """This process and those that started it: never ended by itself."""
    found: set[int] = set()
    pid = os.getpid()
    while pid > 1 and pid not in found:
        found.add(pid)
        status = _bytes_of(Path(f"/proc/{pid}/stat"))
        pid = int(status.rpartition(b")")[2].split()[1]) if status else 0
    return found


def find(home: Home, *, wanted: Callable[[str], bool] = lambda _: True) -> list[int]:
    """Pids of the instance's processes whose `program` is wanted, not its own family."""
    family = _ancestors()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        if pid not in family and _ours(process, home) and wanted(program(process)):
            found.append(pid)
    return found


def alive(pid: int) -> bool:
    """Whether a process still runs (a zombie does not)."""
    status = _bytes_of(Path(f"/proc/{pid}/stat"))
    return bool(status) and status.rpartition(b")")[2].split()[0] != b"Z"


def end(pids: list[int], seconds: float = _TERM_SECONDS) -> None:
    """End processes: SIGTERM, and SIGKILL for those that remain after `seconds`."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + seconds
        while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.05)
        pids = [pid for pid in pids if alive(pid)]
        if not pids:
            return
