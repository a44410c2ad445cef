"""What a lab has on disk: one folder each, its owner, and the leftovers of dead ones."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from lab.commands import LabError, run
from lab.namespaces import existing, remove_all
from lab.plan import LABS, Plan

ROOT = Path("/var/lib/mailstead-lab")
"""Owned by root, so that nobody else puts files in a lab's way; short, for unix sockets."""

CACHE = Path("/var/cache/mailstead-lab")
"""Packages fetched for the lab; kept from lab to lab."""


def folder(number: int) -> Path:
    """Where everything of lab `number` lives."""
    return ROOT / str(number)


def claim(*, owner: int | None) -> Plan:
    """Take the first free number, after removing what dead labs have left.

    `owner` is the process that the lab must not outlive; None makes a lab that stays until it is
    taken down. Raises `LabError` when all numbers are taken.
    """
    with _lock():
        sweep()
        for number in range(LABS):
            place, plan = folder(number), Plan(number)
            if place.exists() or existing(plan):
                continue
            place.mkdir(parents=True, mode=0o755)
            record = {"owner": owner, "started": _started(owner) if owner else None}
            (place / "lab.json").write_text(json.dumps(record), encoding="ascii")
            return plan
    raise LabError(f"All {LABS} labs are in use; take one down with `python -m lab down N`.")


def release(plan: Plan) -> None:
    """Remove a lab, running or dead, and everything it has made."""
    remove_all(plan)
    place = folder(plan.number)
    _unmount(place)
    if place.exists():
        shutil.rmtree(place)
    with contextlib.suppress(OSError):
        ROOT.rmdir()


def numbers() -> list[int]:
    """The labs that exist, dead or alive."""
    if not ROOT.exists():
        return []
    return sorted(int(path.name) for path in ROOT.iterdir() if path.name.isdigit())


def sweep() -> list[int]:
    """Remove the labs whose owner is gone; returns their numbers."""
    dead = [number for number in numbers() if not alive(number)]
    for number in dead:
        release(Plan(number))
    return dead


def alive(number: int) -> bool:
    """Whether the lab has no owner, or one that still runs."""
    try:
        record = json.loads((folder(number) / "lab.json").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
    owner = record["owner"]
    return owner is None or _started(owner) == record["started"] is not None


def _started(pid: int) -> str | None:
    """When a process started, in ticks since boot (proc(5)): a pid alone may be used again."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]


def _unmount(place: Path) -> None:
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    points = [line.split()[1] for line in lines]
    for point in sorted((p for p in points if p.startswith(f"{place}/")), reverse=True):
        run("umount", "--lazy", point, check=False)


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """One claim at a time, over all processes. The lock is on a directory, so nothing is left."""
    if os.geteuid() != 0:
        raise LabError("The lab makes network namespaces: run it as root.")
    descriptor = os.open(ROOT.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        ROOT.mkdir(exist_ok=True)
        yield
    finally:
        os.close(descriptor)
