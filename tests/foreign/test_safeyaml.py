"""YAML of a stranger gives plain values, and costs little."""

from __future__ import annotations

import pytest

from mailstead.foreign.safeyaml import MAX_OCTETS, load


def test_scalars_are_text_as_they_stand_there() -> None:
    text = b"a: off\nb: 007\nc: 1.50\nd: 2026-01-01\ne: 12:30\nf: yes\ng: 'null'\nh: 0x1f\n"
    assert load(text) == {
        "a": "off",
        "b": "007",
        "c": "1.50",
        "d": "2026-01-01",
        "e": "12:30",
        "f": "yes",
        "g": "null",
        "h": "0x1f",
    }
    assert load(b"[~, null, '', x]") == [None, None, "", "x"]
    assert load(b"a:\n") == {"a": None}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a: &x [1]\nb: *x\n",
        b"!!python/object/apply:os.system ['true']",
        b"!!python/name:os.system",
        b"a: [",
        b"[" * 15_000,
        b"[" * 30_000,
        b"a:\n" + b"".join(b" " * n + b"a:\n" for n in range(1, 1500)),
        b"x" * (MAX_OCTETS + 1),
        b"? [a]\n: b\n",
    ],
)
def test_what_no_panel_writes_is_not_read(data: bytes) -> None:
    assert load(data) is None
