"""Files of a source written to a directory of ours, within a bound (`Writer`).

Only directories and regular files come to be there, so no name can lead anywhere else.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mailstead.foreign.archive_tree import Oddities, excessive, unreadable
from mailstead.standards.refusal import Refusal, Term

_STEP = 2**20


def copy(data: BinaryIO, out: BinaryIO, size: int) -> None:
    """Write exactly so many octets; raises `Refusal` if there are fewer."""
    left = size
    while left > 0:
        step = data.read(min(_STEP, left))
        if not step:
            raise unreadable(Term("it ends in the middle"))
        out.write(step)
        left -= len(step)


@contextmanager
def no_room() -> Iterator[None]:
    """A full disk while something is written, as a `Refusal`."""
    try:
        yield
    except OSError as fault:
        if fault.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _full() from None
    except sqlite3.OperationalError as fault:
        if getattr(fault, "sqlite_errorcode", 0) != sqlite3.SQLITE_FULL:
            raise
        raise _full() from None


def _full() -> Refusal:
    return Refusal(
        "no-room",
        "The disk is full.",
        remedy="Make room, or name another directory, and start again.",
        permanent=False,
    )


class Writer:
    """Writes below one directory, which is nobody else's."""

    def __init__(self, into: Path, limit: int, oddities: Oddities) -> None:
        self._into, self._limit, self._oddities = into, limit, oddities
        self._made: str | None = None
        self.files = 0
        self.octets = 0

    def expect(self, octets: int) -> None:
        """Raise `Refusal` if so many octets are more than may be written."""
        if octets > self._limit:
            raise excessive(Term("there is less room for its files than they take"))

    def has(self, path: str, size: int, mtime: int) -> bool:
        """Whether an earlier run has written the file whole; then it counts."""
        try:
            there = (self._into / path).lstat()
        except OSError:
            return False
        # The time is set when everything is written.
        if there.st_size != size or int(there.st_mtime) != mtime:
            return False
        self.files += 1
        self.octets += size
        return True

    def write(self, path: str, data: BinaryIO, size: int, mtime: int) -> None:
        """Write one file; raises `Refusal` if it ends early or there is no more room."""
        self.expect(self.octets + size)
        place = self._place(path)
        if place is None:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with no_room(), os.fdopen(os.open(place, flags, 0o600), "wb") as file:
            copy(data, file, size)
        os.utime(place, (mtime, mtime))
        self.files += 1
        self.octets += size

    def link(self, first: str, path: str) -> None:
        """Give a file that was written a second name."""
        source, place = self._into / first, self._place(path)
        if place is None or not source.is_file():
            return
        try:
            place.hardlink_to(source)
        except OSError:  # a file has as many names as the file system allows
            with no_room():
                shutil.copy2(source, place)
        self.files += 1

    def _place(self, path: str) -> Path | None:
        """Where the file goes, with its directory made and an older file away."""
        place, parent = self._into / path, path.rpartition("/")[0]
        try:
            if parent != self._made:
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._made = parent
            place.unlink(missing_ok=True)
        except (FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError):
            self._oddities.add("clash", path)
            return None
        return place
