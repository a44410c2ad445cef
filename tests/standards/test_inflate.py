"""What came packed is unpacked, and a bomb is not."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.standards import bombs

from mailstead.standards.inflate import MAX_PACKED, MAX_UNPACKED, unpacked
from mailstead.standards.refusal import Refusal


@given(st.binary(max_size=2000))
def test_what_was_packed_comes_out(data: bytes) -> None:
    assert unpacked(gzip.compress(data)) == data
    assert unpacked(gzip.compress(data) + gzip.compress(data)) == data * 2
    assert unpacked(gzip.compress(data) + b"\0\0") == data
    assert unpacked(bombs.zip_of(("a", data))) == data
    assert unpacked(bombs.zip_of(("folder/", b""), ("folder/a", data))) == data
    if not data.startswith((b"\x1f\x8b", b"PK\3\4")):
        assert unpacked(data) == data


@pytest.mark.parametrize(
    "bomb", [bombs.gzip_bomb, bombs.gzip_of_members, bombs.zip_bomb, bombs.lying_zip]
)
def test_a_bomb_is_refused_before_it_is_large(bomb: Callable[[], bytes]) -> None:
    data = bomb()
    begun = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(Refusal):
            unpacked(data)
        assert tracemalloc.get_traced_memory()[1] < MAX_UNPACKED
    finally:
        tracemalloc.stop()
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bytes(MAX_PACKED + 1), "too large"),
        (lambda: gzip.compress(b"hello")[:-9], "damaged"),
        (lambda: b"\x1f\x8b" + bytes(20), "damaged"),
        (lambda: b"PK\x03\x04" + bytes(60), "damaged"),
        (lambda: bombs.zip_of(("a", b"hello"))[:-4], "damaged"),
        (lambda: bombs.zip_of(("a", b"hello"), ("b", b"hello")), "several"),
        (lambda: bombs.zip_of(("a/", b"")), "several"),
        (lambda: bombs.zip_of(*((f"{n}/", b"") for n in range(60_000))), "several"),
        (lambda: bombs.zip_of(("a", b"hello"), method=zipfile.ZIP_LZMA), "damaged"),
        (lambda: bombs.zip_of(("a", b"hello"), method=zipfile.ZIP_BZIP2), "damaged"),
        (
            lambda: bombs.zip_of(("a", b"hello"), method=zipfile.ZIP_STORED).replace(
                b"hello", b"jello"
            ),
            "damaged",
        ),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_cannot_be_unpacked_is_refused(make: Callable[[], bytes], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        unpacked(make())


def test_the_limit_is_the_callers() -> None:
    for data in (b"x" * 11, gzip.compress(b"x" * 11), bombs.zip_of(("a", b"x" * 11))):
        assert unpacked(data, limit=11) == b"x" * 11
        with pytest.raises(Refusal, match="too large"):
            unpacked(data, limit=10)


@given(st.binary(max_size=60), st.integers(0, 150), st.sampled_from(["gzip", "zip"]))
def test_whatever_comes_is_unpacked_or_refused(data: bytes, at: int, kind: str) -> None:
    whole = gzip.compress(b"hello") if kind == "gzip" else bombs.zip_of(("a", b"hello"))
    for packed in (whole[:at] + data + whole[at + len(data) :], whole[:at] + data):
        try:
            unpacked(packed)
        except Refusal as refusal:
            assert refusal.code == "report-unreadable"


def test_the_ratio_counts_once_a_megabyte_is_out() -> None:
    few = zlib.compressobj(9, wbits=31)
    assert len(unpacked(few.compress(bytes(2**20)) + few.flush())) == 2**20
    more = zlib.compressobj(9, wbits=31)
    with pytest.raises(Refusal, match="too large"):
        unpacked(more.compress(bytes(2**21)) + more.flush())
