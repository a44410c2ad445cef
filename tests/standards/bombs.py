"""Small packets that unpack to much, for the tests of whatever unpacks."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from functools import cache

MANY = 64 * 2**20


@cache
def gzip_bomb() -> bytes:
    """Some 64 kB that are 64 MB of zeros."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(2**20)
    return b"".join([*(packer.compress(zeros) for _ in range(MANY // 2**20)), packer.flush()])


@cache
def gzip_of_members() -> bytes:
    """Many members, each within every limit."""
    return gzip.compress(bytes(900_000)) * 200


def zip_of(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


@cache
def zip_bomb() -> bytes:
    """Some 64 kB that are 64 MB of zeros."""
    return zip_of(("report.xml", bytes(MANY)))


@cache
def lying_zip() -> bytes:
    """A zip whose directory says that its file is small."""
    made = zip_bomb()
    return made.replace(MANY.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
