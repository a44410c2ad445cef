"""A tar archive from front to back, plain or packed, with the archives in it (`walk`).

`tarfile` parses the headers (ustar, GNU, pax: POSIX.1-2001). What it takes on trust is held here:
octets that a header may take, octets out for octets in, an end that is no end. gzip (RFC 1952) and
zstd (RFC 8878) cannot be entered in the middle, so each look at a packed archive is one whole pass;
of a plain one only the headers are read.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Literal, Self, cast

import zstandard

from mailstead.foreign.archive_tree import (
    Limits,
    Oddities,
    clean,
    excessive,
    fits,
    not_ours,
    unreadable,
)
from mailstead.standards.refusal import Refusal, Term

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"
_HEADER_OCTETS = 4 * 2**20
"""Of one member's headers together: names and attributes; real ones take some hundred octets."""
_STEP = 2**16
_WINDOW = 2**27
"""zstd's memory at most; `zstd --ultra -22` asks for this."""
_TRAILING = 2**20
_NO_TAR = Term("it is damaged, or no tar archive")
_CUT = Term("it ends in the middle")
_DAMAGED = (zlib.error, EOFError, zstandard.ZstdError, gzip.BadGzipFile, tarfile.TarError)

Nested = Callable[[str], str | None]
"""Where the members of an archive inside the archive belong; None: it stays a file."""


@dataclass
class Item:
    """One member, in the order of the archive; `data` may be read until the next one is asked."""

    number: int
    """The same in each pass."""
    path: str
    kind: Literal["file", "directory", "symlink", "hardlink"]
    size: int
    mtime: int
    target: str
    at: int
    """Where a file's octets lie in the archive's file; -1: not to be had without a pass."""
    data: BinaryIO | None


@dataclass
class _Pass:
    """What is counted over all levels of one pass."""

    limits: Limits
    oddities: Oddities
    nested: Nested
    number: int = 0
    octets: int = 0
    unpacked: int = 0


class _Counted:
    """A file that knows how much was read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.octets = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.octets += len(data)
        return data


class _Gate(io.BufferedIOBase):
    """Between an archive's octets and `tarfile`: counts them, and ends a header that is too long.

    `ceiling` is the place beyond which headers must not reach; -1 while a member's own octets are
    read.
    """

    def __init__(self, file: BinaryIO, run: _Pass, packed: _Counted | None) -> None:
        self._file = file
        self._run = run
        self._packed = packed
        self._position = 0
        self.ceiling = _HEADER_OCTETS

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = _STEP if size is None or size < 0 else size
        if 0 <= self.ceiling < self._position + wanted:
            raise unreadable(Term("the description of a file in it is far too long"))
        try:
            data = self._file.read(wanted)
        except _DAMAGED as fault:
            raise _damaged(fault) from None
        except OSError:
            raise unreadable(Term("the disk does not give it")) from None
        self._position += len(data)
        if self._packed is not None:
            self._check_ratio(len(data), self._packed.octets)
        return data

    def _check_ratio(self, octets: int, packed: int) -> None:
        limits, run = self._run.limits, self._run
        run.unpacked += octets
        # Headers and padding come on top of what the members hold.
        if run.unpacked > 2 * limits.octets + 2**30:
            raise excessive(Term("it unpacks to more than it may"))
        if self._position > max(limits.free, limits.ratio * packed):
            raise excessive(Term("it unpacks to far more than mail ever does"))

    def seekable(self) -> bool:
        return self._packed is None

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._position = self._file.seek(offset, whence)
        return self._position

    def tell(self) -> int:
        return self._position


class Window(io.RawIOBase):
    """Some octets of a larger file, from front to back."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        data = self._file.read(min(len(view), self._left))
        self._left -= len(data)
        view[: len(data)] = data
        return len(data)


class _Header(tarfile.TarInfo):
    """A header after which a damaged one is not taken for the archive's end."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(archive)
        except (tarfile.HeaderError, ValueError, OverflowError) as fault:
            kind = type(fault).__name__
            if kind == "EOFHeaderError":  # a block of zeros, as it should be
                raise
            if kind in ("EmptyHeaderError", "TruncatedHeaderError") and archive.offset:
                raise unreadable(_CUT) from None
            raise unreadable(_NO_TAR) from None


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The archive's file; raises `Refusal` if it is none."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as fault:
        if isinstance(fault, PermissionError):
            raise not_ours(path) from fault
        reason = (fault.strerror or "it cannot be opened").lower()
        raise unreadable(Term(reason)) from None
    with os.fdopen(file, "rb") as source:
        if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            raise unreadable(Term("it is not a file"))
        yield source


def walk(path: Path, limits: Limits, oddities: Oddities, nested: Nested) -> Iterator[Item]:
    """All members of the archive and of those in it; raises `Refusal`."""
    with opened(path) as file:
        yield from _level(file, 0, "", _Pass(limits, oddities, nested))


def _level(file: BinaryIO, base: int, prefix: str, run: _Pass) -> Iterator[Item]:
    """One archive: at the octet `base` of the archive's file, or -1 where that means nothing."""
    with ExitStack() as stack:
        gate, packed = _unpacked(cast(io.BufferedReader, file), run, stack)
        base = -1 if packed else base
        try:
            with tarfile.open(
                fileobj=cast(IO[bytes], gate),
                mode="r:" if base >= 0 else "r|",
                tarinfo=_Header,
                encoding="utf-8",
                errors="surrogateescape",
                bufsize=_STEP,
            ) as tar:
                yield from _members(tar, gate, base, prefix, run)
        except RecursionError:
            raise unreadable(Term("the description of a file in it is far too long")) from None
        except _DAMAGED as fault:
            raise _damaged(fault) from None
        if packed:
            _to_the_end(gate, prefix, run)


def _unpacked(file: io.BufferedReader, run: _Pass, stack: ExitStack) -> tuple[_Gate, bool]:
    magic = file.peek(4)[:4]
    if not magic:
        raise unreadable(Term("it is empty"))
    counted = _Counted(file)
    if magic.startswith(_GZIP):
        unzipped = stack.enter_context(gzip.GzipFile(fileobj=cast(BinaryIO, counted), mode="rb"))
        return _Gate(cast(BinaryIO, unzipped), run, counted), True
    if magic == _ZSTD or magic[1:] == _SKIPPABLE:
        reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(
            cast(BinaryIO, counted), read_across_frames=True, closefd=False
        )
        return _Gate(cast(BinaryIO, stack.enter_context(reader)), run, counted), True
    return _Gate(file, run, None), False


def _members(
    tar: tarfile.TarFile, gate: _Gate, base: int, prefix: str, run: _Pass
) -> Iterator[Item]:
    while True:
        gate.ceiling = tar.offset + _HEADER_OCTETS
        info = tar.next()
        gate.ceiling = -1
        tar.members = []  # type: ignore[attr-defined]  # it would keep each one
        if info is None:
            return
        run.number += 1
        run.octets += info.size if info.isreg() else 0
        if run.number > run.limits.members:
            raise excessive(Term("it has more members than it may"))
        if run.octets > run.limits.octets:
            raise excessive(Term("its files are larger together than they may be"))
        yield from _item(tar, info, base, prefix, run)


def _item(
    tar: tarfile.TarFile, info: tarfile.TarInfo, base: int, prefix: str, run: _Pass
) -> Iterator[Item]:
    path = _inside(info.name, prefix, run.oddities)
    if not path:
        return
    number = run.number
    if info.isdir():
        yield Item(number, path, "directory", 0, _time(info), "", -1, None)
    elif info.issym():
        yield Item(number, path, "symlink", 0, _time(info), info.linkname, -1, None)
    elif info.islnk():
        target = _inside(info.linkname, prefix, run.oddities)
        if target is not None:
            yield Item(number, path, "hardlink", 0, _time(info), target, -1, None)
    elif not info.isreg() or info.size < 0:
        run.oddities.add("device", path)
    else:
        data = cast(BinaryIO, tar.extractfile(info))
        at = base + info.offset_data if base >= 0 and not info.issparse() else -1
        into = run.nested(path)
        if into is not None:
            yield from _level(data, at, into, run)
        else:
            yield Item(number, path, "file", info.size, _time(info), "", at, data)


def _inside(name: str, prefix: str, oddities: Oddities) -> str | None:
    path = clean(name)
    if path is None:
        oddities.add("path", name)
        return None
    whole = f"{prefix}/{path}".strip("/")
    if not fits(whole):
        oddities.add("name", name)
        return None
    return whole


def _time(info: tarfile.TarInfo) -> int:
    try:
        seconds = int(info.mtime)
    except (ValueError, OverflowError):  # a pax header may say nan or inf
        return 0
    return seconds if 0 <= seconds < 2**40 else 0


def _to_the_end(gate: _Gate, prefix: str, run: _Pass) -> None:
    """Read on, so that a packed archive's check sum is compared; raises `Refusal`."""
    rest = 0
    while data := gate.read(_STEP):
        rest += len(data) if data.strip(b"\0") else 0
        if rest > _TRAILING:
            break
    if rest:
        run.oddities.add("trailing", prefix)


def _damaged(fault: Exception) -> Refusal:
    if isinstance(fault, EOFError) or "unexpected end" in str(fault):
        return unreadable(_CUT)
    if isinstance(fault, zstandard.ZstdError) and "memory" in str(fault):
        return unreadable(Term("unpacking it would take too much memory"))
    return unreadable(_NO_TAR)
