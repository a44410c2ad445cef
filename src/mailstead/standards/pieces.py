"""A tar archive written in pieces, each of which ends where writing may be taken up again.

Members are written as pax (POSIX.1-2001). A packed piece is a whole gzip member (RFC 1952 §2.2) or
zstd frame (RFC 8878 §3.1): whoever unpacks one after the other gets one archive. Who stops cuts the
file off at the end of the last piece (`Pieces.cut`) and goes on from there.
"""

from __future__ import annotations

import io
import os
import tarfile
import zlib
from typing import BinaryIO, Literal, Protocol

import zstandard

Packing = Literal["tar", "gz", "zst"]
ENDINGS: dict[Packing, str] = {"tar": ".tar", "gz": ".tar.gz", "zst": ".tar.zst"}
_STEP = 2**18
_LEVEL = 3
_GZIP = 16 + zlib.MAX_WBITS
"""zlib's word for the form of gzip."""


def packing_of(name: str) -> Packing | None:
    """How a file of that name is packed; None: its name does not say."""
    ways = sorted(ENDINGS.items(), key=lambda way: -len(way[1]))
    return next((how for how, ending in ways if name.endswith(ending)), None)


class _Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


class Pieces:
    """Writes an archive to `file`, which is open at its end."""

    def __init__(self, file: BinaryIO, packing: Packing) -> None:
        self._file, self._packing = file, packing
        self._packer: _Packer | None = None
        self.octets = 0
        """What has been written so far, before packing."""

    def add(self, name: str, data: BinaryIO, size: int, mtime: int = 0) -> None:
        """One file of exactly so many octets; raises `EOFError` where `data` has fewer."""
        head = tarfile.TarInfo(name)
        head.size, head.mtime, head.mode = size, mtime, 0o600
        self._write(head.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        left = size
        while left:
            step = data.read(min(_STEP, left))
            if not step:
                raise EOFError(f"{name} is shorter than it was")
            self._write(step)
            left -= len(step)
        self._write(b"\0" * (-size % tarfile.BLOCKSIZE))

    def folder(self, name: str) -> None:
        """A directory."""
        head = tarfile.TarInfo(name)
        head.type, head.mode = tarfile.DIRTYPE, 0o700
        self._write(head.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))

    def text(self, name: str, text: bytes) -> None:
        """One file with this text."""
        self.add(name, io.BytesIO(text), len(text))

    def cut(self) -> int:
        """End the piece, safe on the disk; returns how long the file is now."""
        if self._packer is not None:
            self._file.write(self._packer.flush())
            self._packer = None
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def finish(self) -> int:
        """Write the end of the archive; returns how long the file is."""
        self._write(b"\0" * 2 * tarfile.BLOCKSIZE)
        return self.cut()

    def _write(self, data: bytes) -> None:
        if self._packer is None:
            self._packer = self._begin()
        self._file.write(self._packer.compress(data))
        self.octets += len(data)

    def _begin(self) -> _Packer:
        if self._packing == "zst":
            return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj()
        if self._packing == "gz":
            return zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        return _Plain()
