"""Follow a log that is rotated: each whole line once, in order, from where the last look ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

AT_ONCE = 8 * 2**20
"""Bytes that are read at once; the rest is left to the next look."""


class Place(NamedTuple):
    """How far a log was read: the file, which keeps its inode when it is put aside, and bytes."""

    inode: int
    octets: int


def end_of(log: Path) -> Place:
    """The place after all that is there now."""
    try:
        status = log.stat()
    except FileNotFoundError:
        return Place(0, 0)
    return Place(status.st_ino, status.st_size)


def lines_since(log: Path, place: Place) -> tuple[list[bytes], Place]:
    """The whole lines since `place`, without their ends, and the place behind them.

    Lines end with LF and with nothing else: what a stranger writes into a log may hold other
    characters that look like the end of a line.
    """
    aside = _put_aside(log, place.inode)
    if aside is not None:
        lines, reached = _read(aside, place)
        if lines:
            return lines, reached  # what is left of it, and the new one, come the next time
    try:
        return _read(log, place)
    except FileNotFoundError:
        return [], place  # it is rotated this very moment


def all_since(log: Path, place: Place) -> Iterator[tuple[list[bytes], Place]]:
    """`lines_since` again and again until there is no whole line left, through a rotation."""
    while True:
        lines, place = lines_since(log, place)
        yield lines, place
        if not lines:
            return


def _put_aside(log: Path, inode: int) -> Path | None:
    """The file in which the place is, when that is no longer the current one."""
    if not inode or end_of(log).inode == inode:
        return None
    for path in log.parent.glob(f"{log.name}.*"):
        if path.suffix != ".gz" and path.stat().st_ino == inode:
            return path
    return None


def _read(path: Path, place: Place) -> tuple[list[bytes], Place]:
    with path.open("rb") as source:
        status = os.fstat(source.fileno())
        # A file that is shorter than was read is another one.
        same = status.st_ino == place.inode and place.octets <= status.st_size
        begun = place.octets if same else 0
        source.seek(begun)
        whole, end, _ = source.read(AT_ONCE).rpartition(b"\n")
    lines = whole.split(b"\n") if end else []
    return lines, Place(status.st_ino, begun + len(whole) + len(end))
