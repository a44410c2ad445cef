"""The script that Dovecot asks: it says what Python says, and never stops a log-in."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.breached.conftest import sha1
from tests.breached.test_index import made
from tests.mailplane.engines.dovecot.test_render import MODEL

from mailstead.breached import form
from mailstead.breached.index import Index
from mailstead.home import Home
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.dovecot import once_right

pytestmark = pytest.mark.engines

ASKED = Path(__file__).with_name("breached_asked.lua")
# Lengths around those at which SHA-1 takes another block, and what breaks careless programs.
HOSTILE = [
    *(b"x" * length for length in (0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 121, 128, 5000)),
    b"\xff" * 64,
    b"%s%n%d%{password}",
    b"a'b\"c\\d\t\x01",
    "pässwörd – 密码 🔑".encode(),
    b"\xc3\x28 not utf-8 \xa0\xa1",
    b"a\0b",
]


def key(password: bytes) -> int:
    return int.from_bytes(sha1(password)[:8], "big")


class Script:
    """The script in Debian's interpreter, with an index to ask."""

    def __init__(self, root: Path) -> None:
        model = MODEL.__class__(**{**vars(MODEL), "home": Home(root), "breached": True})
        files.write(once_right.files(model))
        self.index = model.home.breached_index
        self.index.parent.mkdir(exist_ok=True)
        self._path = once_right.script(model.home)
        self._running: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        self._running = subprocess.Popen(
            ["lua5.4", str(ASKED), str(self._path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def end(self) -> None:
        if self._running is not None:
            assert self._running.stdin is not None
            self._running.stdin.close()
            self._running.wait(10)
            assert self._running.stdout is not None
            self._running.stdout.close()

    def ask(self, password: bytes) -> str:
        assert self._running is not None
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(password.hex().encode() + b"\n")
        self._running.stdin.flush()
        return self._running.stdout.readline().decode().strip()

    def ask_all(self, passwords: Sequence[bytes]) -> list[str]:
        return [self.ask(password) for password in passwords]

    def put(self, passwords: Sequence[bytes], bits: int = 0) -> None:
        """Another index in the place of the one that is there, as a build does it."""
        keys = np.array(sorted({key(password) for password in passwords}), dtype=np.uint64)
        made(self.index.with_name("new"), keys, bits).replace(self.index)


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    asked = Script(tmp_path)
    yield asked
    asked.end()


def by_python(path: Path, passwords: Sequence[bytes]) -> list[str]:
    with Index.open(path) as index:
        return ["yes" if index.has(sha1(one)) else "no" for one in passwords]


@pytest.mark.parametrize("bits", [0, 1, 5, form.MAX_BITS])
def test_it_says_the_same_as_python(script: Script, bits: int) -> None:
    chance = random.Random(bits)
    some = [chance.randbytes(chance.randrange(1, 200)) for _ in range(4_000)]
    known = some[::2] + HOSTILE[::2]
    script.put(known, bits)
    script.begin()
    asked = some + HOSTILE
    said = script.ask_all(asked)
    assert said == by_python(script.index, asked)
    yes = {one for one, word in zip(asked, said, strict=True) if word == "yes"}
    assert yes >= set(known)
    # Of strangers, one in 65,536 is taken for a known one.
    assert len(yes - set(known)) <= 2


@settings(max_examples=60)
@given(passwords=st.sets(st.binary(max_size=300), min_size=1, max_size=30))
def test_any_password_that_was_put_in_is_known(
    tmp_path_factory: pytest.TempPathFactory, passwords: set[bytes]
) -> None:
    script = Script(tmp_path_factory.mktemp("any", numbered=True))
    script.put(sorted(passwords))
    script.begin()
    try:
        assert set(script.ask_all(sorted(passwords))) == {"yes"}
    finally:
        script.end()


def test_a_new_index_counts_at_once(script: Script) -> None:
    script.begin()
    assert script.ask(b"one") == "no"
    script.put([b"one"])
    assert script.ask(b"one") == "yes"
    script.put([b"two"], 3)
    assert script.ask_all([b"one", b"two"]) == ["no", "yes"]
    script.index.unlink()
    assert script.ask(b"two") == "no"


def damaged(whole: bytes, at: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :]


@pytest.mark.parametrize("at", [*range(44), 48, 60, 83, 88, 150, 207])
def test_damage_to_head_or_table_makes_it_know_nothing(script: Script, at: int) -> None:
    words = [b"word %d" % number for number in range(200)]
    script.put(words, 2)
    whole = script.index.read_bytes()
    script.index.write_bytes(damaged(whole, at))
    script.begin()
    assert set(script.ask_all(words)) == {"no"}
    script.index.write_bytes(whole)
    assert script.ask(words[5]) == "yes"


def test_damage_to_a_part_stops_nobody(script: Script) -> None:
    words = [b"word %d" % number for number in range(200)]
    script.put(words)
    whole = script.index.read_bytes()
    script.index.write_bytes(whole[:128] + os.urandom(len(whole) - 128))
    script.begin()
    assert "stopped" not in script.ask_all(words)


@pytest.mark.parametrize("length", [0, 7, 39, 47, 48, 60, 207, 300, 500])
def test_a_file_that_is_cut_short_makes_it_know_nothing(script: Script, length: int) -> None:
    words = [b"word %d" % number for number in range(200)]
    script.put(words, 2)
    whole = script.index.read_bytes()
    script.begin()
    # Once as the first that it sees, once after it has seen the whole one.
    for _ in range(2):
        script.index.write_bytes(whole[:length])
        assert "stopped" not in script.ask_all(words)
        script.index.write_bytes(whole)
        assert script.ask(words[1]) == "yes"


def test_no_index_in_its_place_makes_it_know_nothing(script: Script) -> None:
    script.index.mkdir()
    script.begin()
    assert script.ask(b"one") == "no"


def test_nothing_is_missed_while_it_is_replaced_again_and_again(script: Script) -> None:
    words = [b"word %d" % number for number in range(300)]
    script.put(words)
    script.begin()
    changes = (
        "import os, shutil, sys\n"
        "a, b, place = sys.argv[1:]\n"
        "while os.getppid() != 1:\n"
        "    for one in (a, b):\n"
        "        shutil.copyfile(one, place + '.next')\n"
        "        os.replace(place + '.next', place)\n"
    )
    others = []
    for name, bits in (("a", 0), ("b", 4)):
        script.put(words, bits)
        others.append(script.index.rename(script.index.with_name(name)))
    script.put(words)
    changing = subprocess.Popen([sys.executable, "-c", changes, *others, script.index])
    try:
        seen = set()
        for _ in range(40):
            seen.add(script.index.stat().st_ino)
            assert set(script.ask_all(words)) == {"yes"}
        assert len(seen) > 2
    finally:
        changing.terminate()
        changing.wait(10)
