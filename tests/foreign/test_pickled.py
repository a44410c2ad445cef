"""A pickle is read as data: plain values come out, and nothing that it names is looked up."""

from __future__ import annotations

import contextlib
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.foreign.pickled import OPAQUE, plain
from mailstead.standards.refusal import Refusal

_KEYS = st.text() | st.integers() | st.floats(allow_nan=False)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(_VALUES, st.integers(min_value=0, max_value=5))
def test_plain_values_come_as_they_are(value: object, protocol: int) -> None:
    assert plain(pickle.dumps(value, protocol)) == value


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("/tmp/mailstead-trap",)


@pytest.mark.parametrize("protocol", range(5))
def test_what_a_pickle_would_call_is_not_called(protocol: int) -> None:
    data = pickle.dumps({"a": _Trap(), "b": [1, _Trap()]}, protocol)
    assert plain(data) == {"a": OPAQUE, "b": [1, OPAQUE]}
    assert not Path("/tmp/mailstead-trap").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no pickle",
        b".",
        b"(",
        b"(lp0\n",
        b"e.",
        b"u.",
        b"}(K\x01u.",
        b"h\x05.",
        b"Pid\n.",
        b"\x82\x01.",
        b"B\xff\xff\xff\x7fx.",
        b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"r\xff\xff\xff\x7f.",
        b"I" + b"9" * 5000 + b"\n.",
        b"\x8b\xff\xff\xff\x7f.",
    ],
)
def test_what_is_no_whole_pickle_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as told:
        plain(data)
    assert told.value.code == "pickle-unreadable"


def test_values_that_grow_by_themselves_stay_small() -> None:
    doubling = b"]" + b"q\x00" + b"0" + b"h\x00" * 2 + b"\x86" + b"2\x86" * 60 + b"."
    value = plain(doubling)
    assert isinstance(value, tuple) and len(value) == 2
    # As a key it would be hashed for ever; such a pair is left out.
    assert plain(b"}" + doubling[:-1] + b"K\x01s.") == {}


@given(st.binary(max_size=60))
def test_any_octets_give_a_value_or_a_refusal(data: bytes) -> None:
    with contextlib.suppress(Refusal):
        plain(data + b".")
