"""Sizes as people write and read them: bytes in binary units."""

from __future__ import annotations

from mailstead.standards.refusal import Refusal

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def size(text: str) -> int:
    """Bytes from `5G`, `500 MiB`, `1024` (binary units), or `none` for 0; raises `Refusal`."""
    bare = text.strip().upper().removesuffix("IB").removesuffix("B").replace(",", ".")
    if bare in ("NONE", "UNLIMITED"):
        return 0
    digits = bare.rstrip("KMGT")
    unit = bare[len(digits) :]
    digits = digits.rstrip()
    try:
        return int(float(digits) * _UNITS[unit])
    except (ValueError, KeyError, OverflowError) as error:
        raise Refusal(
            "size-invalid",
            "{text} is not a size.",
            remedy="Give bytes, or a number with K, M, G or T, or 'none'.",
            text=ascii(text),
        ) from error


def human(octets: int) -> str:
    """Bytes in binary units."""
    value = float(octets)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def limit_words(octets: int) -> str:
    """A limit in binary units; 0 is none."""
    return human(octets) if octets else "none"
