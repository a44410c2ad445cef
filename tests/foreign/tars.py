"""Archives made in memory, also such as no honest tool would make."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

import zstandard

Part = tuple[str, bytes] | tarfile.TarInfo

WHEN = 1_700_000_000


def info(
    name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0
) -> tarfile.TarInfo:
    """A header alone."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size, made.mtime = kind, target, size, WHEN
    return made


def tar(parts: Iterable[Part], form: int = tarfile.GNU_FORMAT) -> bytes:
    """An archive of files (path, octets) and bare headers, in that order."""
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=form, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        for part in parts:
            if isinstance(part, tarfile.TarInfo):
                archive.addfile(part)
            else:
                name, data = part
                archive.addfile(info(name, size=len(data)), io.BytesIO(data))
    return out.getvalue()


def packed(data: bytes, how: str) -> bytes:
    """As it is (`""`), or packed by `gz` or `zst`."""
    if how == "gz":
        return gzip.compress(data, 6)
    return zstandard.ZstdCompressor().compress(data) if how == "zst" else data


def write(folder: Path, data: bytes, how: str = "", name: str = "archive") -> Path:
    """The archive in a file."""
    path = folder / f"{name}.tar{'.' + how if how else ''}"
    path.write_bytes(packed(data, how))
    return path


def unpacked(parts: Iterable[tuple[str, bytes]], folder: Path) -> Path:
    """The same files in a directory."""
    for name, data in parts:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
