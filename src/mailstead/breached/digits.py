"""Lines of hexadecimal digits as numbers, a whole stretch of text at once.

Lines are laid side by side as rows of a table, so that each step is one operation on all of them:
five million lines a second, where a loop over lines takes one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mailstead.breached.fuse import Keys

_WIDTH = 48
"""A row: up to 40 digits, and what follows them."""
_HIGH = np.uint64(0xF0F0_F0F0_F0F0_F0F0)
_COLON, _FEED, _RETURN = 0xF1, 0xF2, 0xF3


def _table() -> bytes:
    """What each octet is: a digit's value, one of the signs above, or nothing that belongs here."""
    table = bytearray(b"\xff" * 256)
    for characters in (b"0123456789abcdef", b"0123456789ABCDEF"):
        for value, octet in enumerate(characters):
            table[octet] = value
    table[ord(":")], table[ord("\n")], table[ord("\r")] = _COLON, _FEED, _RETURN
    return bytes(table)


_TABLE = _table()


def hashes(text: bytes) -> tuple[Keys, int, list[int]]:
    """Keys of `HASH:COUNT` lines, count of lines, numbers of the lines that are none (from 1).

    The text ends with a line feed. Empty lines and those with the count 0 are left out.
    """
    rows, starts, ends = _rows(text)
    words = _words(rows)
    good = _are_digits(words[0] | words[1] | words[2] | words[3] | words[4])
    keep, wrong = _judged(rows, starts, ends, good, 40)
    words = words[:, keep]
    keys = _packed(words[0]) << np.uint64(32) | _packed(words[1])
    return keys, len(starts), wrong


def suffixes(text: bytes, prefixes: Keys) -> tuple[Keys, int, list[int]]:
    """The same of `SUFFIX:COUNT` lines, whose first five digits are given for each line."""
    rows, starts, ends = _rows(text)
    words = _words(rows)
    last = words[4] & np.uint64(0xFF_FFFF)
    good = _are_digits(words[0] | words[1] | words[2] | words[3] | last)
    keep, wrong = _judged(rows, starts, ends, good, 35)
    words = words[:, keep]
    first, second = _packed(words[0]), _packed(words[1])
    keys = prefixes[keep] << np.uint64(44) | first << np.uint64(12) | second >> np.uint64(20)
    return keys, len(starts), wrong


def _rows(text: bytes) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.intp]]:
    """A row of what stands at the begin of each line, and where each begins and ends."""
    whole = np.frombuffer(text.translate(_TABLE) + bytes([_FEED]) * _WIDTH, dtype=np.uint8)
    ends = np.flatnonzero(whole[: len(text)] == _FEED)
    starts = np.empty_like(ends)
    if len(ends):
        starts[0], starts[1:] = 0, ends[:-1] + 1
    # Seen as overlapping items of that width, one from each octet on: each is copied in one piece.
    items = np.ndarray((len(text) + 1,), dtype=f"V{_WIDTH}", buffer=whole, strides=(1,))
    return items[starts].view(np.uint8).reshape(-1, _WIDTH), starts, ends


def _words(rows: NDArray[np.uint8]) -> Keys:
    """The digits' values, eight to a number, the first one lowest; a row for each eight."""
    return np.ascontiguousarray(rows[:, :40].view("<u8").T).astype(np.uint64, copy=False)


def _are_digits(words: Keys) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (words & _HIGH) == 0
    return found


def _packed(word: Keys) -> Keys:
    """Eight values, one in each octet, as 32 bits, the first value highest."""
    word = word.byteswap()
    word = (word | word >> np.uint64(4)) & np.uint64(0x00FF_00FF_00FF_00FF)
    word = (word | word >> np.uint64(8)) & np.uint64(0x0000_FFFF_0000_FFFF)
    return (word | word >> np.uint64(16)) & np.uint64(0xFFFF_FFFF)


def _judged(
    rows: NDArray[np.uint8],
    starts: NDArray[np.intp],
    ends: NDArray[np.intp],
    good: NDArray[np.bool_],
    digits: int,
) -> tuple[NDArray[np.bool_], list[int]]:
    """Which lines count, and the numbers of those that are none."""
    behind, next_, last = rows[:, digits], rows[:, digits + 1], rows[:, digits + 2]
    good = good & ((behind == _COLON) | (behind == _FEED) | (behind == _RETURN))
    # The service that hands out ranges pads them with made-up lines, whose count is 0.
    padding = (behind == _COLON) & (next_ == 0) & ((last == _FEED) | (last == _RETURN))
    length = ends - starts
    empty = (length == 0) | ((length == 1) & (rows[:, 0] == _RETURN))
    wrong = np.flatnonzero(~good & ~empty) + 1
    return good & ~padding, wrong.tolist()
