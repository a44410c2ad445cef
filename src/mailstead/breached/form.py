"""The index file's form: a header, a table of parts, then the parts' fingerprints.

Little-endian throughout. A hash's first 8 octets, read big-endian, are its key; the key's first
`bits` bits are the number of its part. A part is a binary fuse filter by itself (Graf and Lemire,
2022): an array of 16-bit fingerprints in which three places, xored, give the key's fingerprint. The
header's checksum (CRC-32) covers header and table; each part has its own in the table.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

MAGIC = b"MSbreach"
VERSION = 1
MAX_BITS = 12
KEY_OCTETS = 8
ALIGNMENT = 64
_HEAD = struct.Struct("<8sHHIQQQ")
_CHECK = struct.Struct("<I4x")
_PART = struct.Struct("<QQIIIII4x")


@dataclass(frozen=True)
class Part:
    """Where one filter lies and what its questions need."""

    offset: int
    """Octets from the file's begin."""
    seed: int
    places: int
    """Fingerprints in the array; 2 octets each."""
    segment: int
    """Fingerprints in a segment, a power of two; 0 where the part has no hash."""
    span: int
    """Fingerprints in the segments in which a key's first place may lie."""
    hashes: int
    check: int
    """CRC-32 of the array."""

    @property
    def octets(self) -> int:
        return 2 * self.places


@dataclass(frozen=True)
class Header:
    """What a file says of itself."""

    bits: int
    hashes: int
    made: int
    """Seconds since 1970."""
    size: int
    """Octets of the whole file."""
    parts: tuple[Part, ...] = ()


def table_octets(bits: int) -> int:
    """Octets of header and table; the first part follows, aligned."""
    plain = _HEAD.size + _CHECK.size + (_PART.size << bits)
    return aligned(plain)


def aligned(offset: int) -> int:
    """The next offset at which a part may begin."""
    return -(-offset // ALIGNMENT) * ALIGNMENT


def pack(header: Header) -> bytes:
    """Header and table as octets."""
    head = _HEAD.pack(MAGIC, VERSION, header.bits, 0, header.hashes, header.made, header.size)
    table = b"".join(
        _PART.pack(p.offset, p.seed, p.places, p.segment, p.span, p.hashes, p.check)
        for p in header.parts
    )
    whole = head + _CHECK.pack(zlib.crc32(table, zlib.crc32(head))) + table
    return whole.ljust(table_octets(header.bits), b"\0")


def begins(octets: bytes) -> bool:
    """Whether these are a file's first octets."""
    return octets[: len(MAGIC)] == MAGIC


def unpack(octets: bytes, size: int) -> Header:
    """The header of a file with `size` octets; raises `ValueError` that says what is wrong.

    `octets` are the file's first ones, `table_octets(MAX_BITS)` of them or all there are.
    """
    if len(octets) < _HEAD.size + _CHECK.size:
        raise ValueError("it is shorter than its header")
    magic, version, bits, _, hashes, made, stated = _HEAD.unpack_from(octets)
    if magic != MAGIC:
        raise ValueError("it is no such file")
    if version != VERSION:
        raise ValueError(f"it has version {version}, and this program reads version {VERSION}")
    end = _HEAD.size + _CHECK.size + (_PART.size << min(bits, MAX_BITS))
    if bits > MAX_BITS or len(octets) < end:
        raise ValueError("its table of parts is not whole")
    (check,) = _CHECK.unpack_from(octets, _HEAD.size)
    table = octets[_HEAD.size + _CHECK.size : end]
    if zlib.crc32(table, zlib.crc32(octets[: _HEAD.size])) != check:
        raise ValueError("its header is damaged")
    if size != stated:
        raise ValueError(f"it has {size} octets and should have {stated}")
    parts = tuple(Part(*fields) for fields in _PART.iter_unpack(table))
    _refuse_outside(parts, size)
    return Header(bits, hashes, made, size, parts)


def _refuse_outside(parts: Sequence[Part], size: int) -> None:
    """No answer is looked for beyond the array, whatever a table says."""
    for number, part in enumerate(parts):
        reaches = part.span + 2 * part.segment if part.segment else 0
        whole = part.segment & (part.segment - 1) == 0 and part.span % max(part.segment, 1) == 0
        if reaches > part.places or not whole or part.offset + part.octets > size:
            raise ValueError(f"its part {number} is not where the table says")
