"""Reports that came packed, unpacked within limits: gzip (RFC 1952), zip, or neither.

A few kilobytes can unpack to gigabytes, so octets are counted while they come out, and a ratio
that no report has ends it as well. Of a zip only what deflate or nothing has packed is read: other
methods ask for memory before they say what for.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from mailstead.standards.refusal import Refusal, Term

MAX_PACKED = 8 * 2**20
MAX_UNPACKED = 32 * 2**20
MAX_RATIO = 200
"""Octets out for one in, once a megabyte is out; reports reach some 60."""
_FREE = 2**20
MAX_MEMBERS = 8
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)


def unpacked(data: bytes, limit: int = MAX_UNPACKED) -> bytes:
    """What was packed, or the octets themselves; raises `Refusal` (`report-unreadable`)."""
    if len(data) > MAX_PACKED:
        raise unreadable(Term("it is too large"))
    if data.startswith(b"\x1f\x8b"):
        return _gzip(data, _allowed(len(data), limit))
    if data.startswith(b"PK\x03\x04"):
        return _zip(data, limit)
    if len(data) > limit:
        raise unreadable(Term("it is too large"))
    return data


def unreadable(reason: Term) -> Refusal:
    """The refusal of a report, for the parsers of reports."""
    return Refusal("report-unreadable", "The report cannot be read: {reason}.", reason=reason)


def _allowed(packed: int, limit: int) -> int:
    return min(limit, max(_FREE, packed * MAX_RATIO))


def _gzip(data: bytes, limit: int) -> bytes:
    """All members of a gzip file (RFC 1952 §2.2); what follows them is not looked at."""
    out = bytearray()
    rest = data
    for _ in range(MAX_MEMBERS):
        member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            out += member.decompress(rest, limit + 1 - len(out))
        except zlib.error:
            raise unreadable(Term("it is damaged")) from None
        if len(out) > limit:
            raise unreadable(Term("it is too large"))
        if not member.eof:
            raise unreadable(Term("it is damaged"))
        rest = member.unused_data
        if not rest.startswith(b"\x1f\x8b"):
            return bytes(out)
    raise unreadable(Term("it holds several files"))


def _zip(data: bytes, limit: int) -> bytes:
    """The one file in a zip; a folder or a second one beside it is a message to somebody else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise unreadable(Term("it holds several files"))
            files = [member for member in members if not member.is_dir()]
            if len(files) != 1:
                raise unreadable(Term("it holds several files"))
            member = files[0]
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise unreadable(Term("it is damaged"))
            allowed = _allowed(min(member.compress_size, len(data)), limit)
            with archive.open(member) as file:
                out = file.read(allowed + 1)
    except _DAMAGED:
        raise unreadable(Term("it is damaged")) from None
    if len(out) > allowed:
        raise unreadable(Term("it is too large"))
    return out
