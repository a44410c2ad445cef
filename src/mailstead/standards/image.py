"""What kind of picture some bytes are, and how large: PNG and WebP, from their heads alone.

Only what cannot carry a script is known here. PNG: RFC 2083 §3.1 and §4.1.1; WebP: RFC 9649 §2.
"""

from __future__ import annotations

from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """Media type and size in pixels."""

    media_type: str
    width: int
    height: int


def picture(data: bytes) -> Picture | None:
    """What the bytes are; None for anything but a PNG or a WebP picture."""
    if data.startswith(_PNG):
        return _png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _png(data: bytes) -> Picture | None:
    if data[12:16] != b"IHDR" or len(data) < 33:
        return None
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    return Picture("image/png", width, height) if width and height else None


def _webp(data: bytes) -> Picture | None:
    kind, body = data[12:16], data[20:]
    if len(body) < 10:
        return None
    if kind == b"VP8X":  # extended: 24 bits each, less one
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
    elif kind == b"VP8L" and body[0] == 0x2F:  # lossless: 14 bits each, less one
        bits = int.from_bytes(body[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":  # lossy: 14 bits each
        width, height = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    else:
        return None
    return Picture("image/webp", width, height) if width and height else None
