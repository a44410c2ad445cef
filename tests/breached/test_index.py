"""The index: nothing is missed, hardly anything is made up, a bad file is said to be bad."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import numpy as np
import pytest
from bench.breached import count_known, random_keys
from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.breached import form, fuse, lists
from mailstead.breached.build import build
from mailstead.breached.fuse import Keys
from mailstead.breached.index import LOOK_EVERY, Index, IndexMissing, IndexUnusable, Watch
from tests.breached.conftest import Write, line, sha1

WORDS = [b"word %d" % number for number in range(2_000)]


def made(path: Path, keys: Keys, bits: int = 0) -> Path:
    """An index of keys, without a list."""
    parts, arrays = [], []
    end = form.table_octets(bits)
    for number in range(1 << bits):
        one = fuse.make(keys[(keys >> np.uint64(64 - bits)) == number] if bits else keys)
        parts.append(one.part(end))
        arrays.append(one.array.ljust(form.aligned(len(one.array)), b"\0"))
        end = form.aligned(end + len(one.array))
    header = form.Header(bits, len(keys), 0, end, tuple(parts))
    path.write_bytes(form.pack(header) + b"".join(arrays))
    return path


def octets(key: int) -> bytes:
    """A SHA-1 that begins so."""
    return key.to_bytes(8, "big") + b"\1" * 12


@pytest.fixture
def path(write: Write, tmp_path: Path) -> Path:
    build([lists.source(write("list.txt", map(line, WORDS)))], tmp_path / "index")
    return tmp_path / "index"


@settings(max_examples=150)
@given(
    st.sets(st.integers(0, 2**64 - 1), max_size=400),
    st.sampled_from([0, 1, 4]),
)
def test_every_hash_that_was_put_in_is_found(
    tmp_path_factory: pytest.TempPathFactory, keys: set[int], bits: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-index"
    with Index.open(made(path, np.array(sorted(keys), dtype=np.uint64), bits)) as index:
        assert all(index.has(octets(key)) for key in keys)
        index.verify()


def test_of_a_million_hashes_none_is_missed_and_few_strangers_are_taken_for_them(
    tmp_path: Path,
) -> None:
    keys = np.unique(np.concatenate(list(random_keys(1_000_000, seed=11))))
    path = made(tmp_path / "index", keys)
    assert path.stat().st_size / len(keys) <= 2.3
    assert count_known(path, keys) == len(keys)
    strangers = 20_000_000
    taken = sum(count_known(path, some) for some in random_keys(strangers, seed=12))
    # 1 in 65,536 is 305 of them; chance alone makes 375 of it once in 20,000 seeds.
    assert 0 < taken < 375
    with Index.open(path) as index:
        chance = random.Random(13)
        sample = [chance.getrandbits(64) for _ in range(200_000)]
        one_by_one = sum(index.has(octets(key)) for key in sample)
    assert one_by_one == count_known(path, np.array(sample, dtype=np.uint64))


def test_what_is_no_sha1_is_a_defect_of_who_asks(path: Path) -> None:
    with Index.open(path) as index, pytest.raises(ValueError, match="20 octets"):
        index.has(hashlib.sha256(b"word 1").digest())


def test_a_missing_index_is_told_from_a_bad_one(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="does not exist") as caught:
        Index.open(tmp_path / "none")
    assert caught.value.code == "breached-missing"
    assert "mailstead breached build" in caught.value.remedy


def test_a_file_that_is_no_whole_index_is_refused(path: Path) -> None:
    good = path.read_bytes()
    table = form.table_octets(0)
    for words, bad in {
        "shorter than its header": good[:20],
        "no such file": b"#!/bin/sh\n" + good[10:],
        "version 9": good[:8] + b"\x09\0" + good[10:],
        "octets and should have": good[:-64],
        "table of parts is not whole": good[: table - 60],
        "header is damaged": good[:16] + b"\xff" + good[17:],
    }.items():
        path.write_bytes(bad)
        with pytest.raises(IndexUnusable, match=words):
            Index.open(path)
    path.write_bytes(b"")
    with pytest.raises(IndexUnusable, match="shorter"):
        Index.open(path)
    os.truncate(path, 0)
    path.unlink()
    path.mkdir()
    with pytest.raises(IndexUnusable, match="directory"):
        Index.open(path)


def test_a_damaged_part_is_found_by_reading_it(path: Path) -> None:
    good = bytearray(path.read_bytes())
    good[-100] ^= 1
    path.write_bytes(good)
    with Index.open(path) as index, pytest.raises(IndexUnusable, match="part 0 is damaged"):
        index.verify()


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_no_header_makes_a_question_read_beyond_the_file(
    tmp_path_factory: pytest.TempPathFactory, table: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "strange-index"
    part = form.Part(128, 1, *(int.from_bytes(table[n : n + 4]) for n in (0, 4, 8)), 1, 1)
    whole = form.pack(form.Header(0, 1, 0, form.table_octets(0) + len(table), (part,)))
    path.write_bytes(whole + table)
    try:
        index = Index.open(path)
    except IndexUnusable:
        return
    with index:
        for word in WORDS[:50]:
            index.has(sha1(word))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_watches_sees_a_new_file_within_a_second(path: Path, tmp_path: Path) -> None:
    clock = Clock()
    watch = Watch(path, clock=clock)
    assert watch.knows("word 1") and not watch.knows("brand new")
    other = tmp_path / "other.txt"
    other.write_bytes(line(b"brand new"))
    build([lists.source(other)], path)
    assert not watch.knows("brand new")
    clock.now += LOOK_EVERY
    assert watch.knows("brand new") and not watch.knows("word 1")


def test_who_watches_goes_on_without_an_index(path: Path, tmp_path: Path) -> None:
    clock = Clock()
    watch = Watch(tmp_path / "later", clock=clock)
    assert not watch.knows("word 1")
    assert watch.index() is None
    assert watch.trouble == ""
    path.rename(tmp_path / "later")
    clock.now += LOOK_EVERY
    assert watch.knows("word 1")
    assert watch.trouble == ""
    # A broken one does not take its place; one that is taken away is not asked any more.
    (tmp_path / "broken").write_bytes(b"nothing")
    (tmp_path / "broken").rename(tmp_path / "later")
    clock.now += LOOK_EVERY
    assert watch.knows("word 1")
    assert "shorter than its header" in watch.trouble
    (tmp_path / "later").unlink()
    clock.now += LOOK_EVERY
    assert not watch.knows("word 1")
