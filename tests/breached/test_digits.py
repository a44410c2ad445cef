"""Whole stretches of text are read as a plain loop over their lines would read them."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailstead.breached import digits

HEX = st.text("0123456789abcdefABCDEF", min_size=34, max_size=41)
COUNT = st.sampled_from(["", ":1", ":0", ":00", ":07", ":12345678", ":", ";1", " "])
LINE = st.one_of(
    st.builds(lambda word, count: (word + count).encode(), HEX, COUNT),
    st.binary(max_size=60).map(lambda octets: octets.replace(b"\n", b"")),
)
ENDED = st.builds(lambda line, end: line + end, LINE, st.sampled_from([b"\n", b"\r\n"]))


def plainly(lines: list[bytes], width: int, prefixes: list[int]) -> tuple[list[int], list[int]]:
    """Keys and numbers of wrong lines, one line after the other."""
    keys, wrong = [], []
    for number, (line, prefix) in enumerate(zip(lines, prefixes, strict=True), 1):
        found = re.match(rb"([0-9A-Fa-f]{%d})(?:[:\r\n]|$)" % width, line)
        if found is None:
            if line not in (b"\n", b"\r\n"):
                wrong.append(number)
        elif not re.match(rb":0[\r\n]", line[width:]):
            whole = (b"%05x" % prefix if width == 35 else b"") + found[1]
            keys.append(int(whole[:16], 16))
    return keys, wrong


@settings(max_examples=500)
@example([])
@example([b"\n"])
@given(st.lists(ENDED, max_size=12))
def test_lines_of_hashes(lines: list[bytes]) -> None:
    keys, count, wrong = digits.hashes(b"".join(lines))
    assert count == len(lines)
    assert (keys.tolist(), wrong) == plainly(lines, 40, [0] * len(lines))


@settings(max_examples=500)
@given(st.lists(st.tuples(ENDED, st.integers(0, 16**5 - 1)), max_size=12))
def test_lines_of_suffixes(rows: list[tuple[bytes, int]]) -> None:
    lines, prefixes = [line for line, _ in rows], [prefix for _, prefix in rows]
    keys, count, wrong = digits.suffixes(b"".join(lines), np.array(prefixes, dtype=np.uint64))
    assert count == len(lines)
    assert (keys.tolist(), wrong) == plainly(lines, 35, prefixes)
