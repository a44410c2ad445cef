"""Asking the index: is this SHA-1 among those of leaked passwords?

The file is mapped into memory and shared by every process that asks; a question reads three places
in it and takes some microseconds once they are in memory. It must be replaced by renaming
another one over it, as the build does: a process that maps a file which is shortened in place is
killed by the kernel (SIGBUS).
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from mailstead.breached import form
from mailstead.standards.refusal import Refusal

LOOK_EVERY = 1.0
"""Seconds between two looks at whether the file was replaced."""
_ALL = (1 << 64) - 1
_FIRST, _SECOND = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
"""The finalizer of MurmurHash3, with which the filter's builder spreads keys."""
_place = struct.Struct("<H").unpack_from
_REMEDY = "Build it: mailstead breached build."


class IndexUnusable(Refusal):
    """There is no index, or none that can be read; whoever only wants a hint goes on without."""


class IndexMissing(IndexUnusable):
    """There is no index."""


class Index:
    """One open index. Safe to ask from several threads."""

    def __init__(self, path: Path, header: form.Header, memory: mmap.mmap) -> None:
        self.path = path
        self.header = header
        self._memory = memory
        self._shift = 64 - header.bits
        self._parts = [(p.offset, p.seed, p.segment, p.span) for p in header.parts]

    @classmethod
    def open(cls, path: Path) -> Index:
        """Map the file; raises `IndexMissing`, or `IndexUnusable` with what is wrong.

        Header and table are checked, the parts are not: that reads the whole file (`verify`).
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise IndexMissing(
                "breached-missing",
                "There is no index of breached passwords: {path} does not exist.",
                remedy=_REMEDY,
                path=path,
            ) from error
        except OSError as error:
            raise _unusable(path, error.strerror or "it cannot be opened") from error
        try:
            size = os.fstat(descriptor).st_size
            first = os.pread(descriptor, form.table_octets(form.MAX_BITS), 0)
            header = form.unpack(first, size)
            memory = mmap.mmap(descriptor, size, prot=mmap.PROT_READ)
        except (OSError, ValueError) as error:
            raise _unusable(path, str(error)) from error
        finally:
            os.close(descriptor)
        # A question touches three pages that lie anywhere: reading ahead would only fill memory.
        memory.madvise(mmap.MADV_RANDOM)
        return cls(path, header, memory)

    def has(self, sha1: bytes) -> bool:
        """Whether the hash (its 20 octets) was put in; one in 65,536 others is taken for one."""
        if len(sha1) != 20:
            raise ValueError("a SHA-1 has 20 octets")
        key = int.from_bytes(sha1[:8], "big")
        offset, seed, segment, span = self._parts[key >> self._shift]
        if not segment:
            return False
        mixed = (key + seed) & _ALL
        mixed = ((mixed ^ mixed >> 33) * _FIRST) & _ALL
        mixed = ((mixed ^ mixed >> 33) * _SECOND) & _ALL
        mixed ^= mixed >> 33
        # Three neighbouring segments, one place in each.
        first = mixed * span >> 64
        second = first + segment
        third = second + segment
        second ^= (mixed >> 18) & (segment - 1)
        third ^= mixed & (segment - 1)
        memory = self._memory
        found: int = _place(memory, offset + 2 * first)[0]
        found ^= _place(memory, offset + 2 * second)[0]
        found ^= _place(memory, offset + 2 * third)[0]
        return found == (mixed ^ mixed >> 32) & 0xFFFF

    def verify(self) -> None:
        """Read everything and compare the checksums; raises `IndexUnusable`."""
        for number, part in enumerate(self.header.parts):
            with memoryview(self._memory) as view:
                check = zlib.crc32(view[part.offset : part.offset + part.octets])
            if check != part.check:
                raise _unusable(self.path, f"its part {number} is damaged")

    def close(self) -> None:
        """Give the memory back; no question may be under way."""
        self._memory.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _unusable(path: Path, why: str) -> IndexUnusable:
    return IndexUnusable(
        "breached-unusable",
        "The index of breached passwords {path} cannot be used: {why}.",
        remedy="Build it anew: mailstead breached build.",
        path=path,
        why=why,
    )


class Watch:
    """The index at a path, whatever happens to the file: opened anew when it was replaced.

    Without a usable one nothing is known of any password (fail open). A file that cannot be used
    does not take the place of one that is open; `trouble` says what is wrong with it.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self.trouble = ""
        self._clock = clock
        self._next = float("-inf")
        self._stamp: tuple[int, ...] = ()
        self._index: Index | None = None

    def index(self) -> Index | None:
        """The one to ask now; the file is looked at once a second."""
        now = self._clock()
        if now >= self._next:
            self._next = now + LOOK_EVERY
            self._look()
        return self._index

    def has(self, sha1: bytes) -> bool:
        """Whether the hash was put in; False without an index."""
        index = self.index()
        return index is not None and index.has(sha1)

    def knows(self, password: str) -> bool:
        """Whether the password is known from leaks; nothing of it is kept."""
        octets = password.encode("utf-8", "surrogateescape")
        return self.has(hashlib.sha1(octets, usedforsecurity=False).digest())

    def _look(self) -> None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            # Never built, or taken away on purpose. The old one is not closed: a thread may be
            # asking it.
            self._index, self._stamp, self.trouble = None, (), ""
            return
        except OSError as error:
            self.trouble = error.strerror or "it cannot be looked at"
            return
        stamp = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._index = Index.open(self.path)
        except IndexUnusable as error:
            self.trouble = error.words
        else:
            self.trouble = ""
