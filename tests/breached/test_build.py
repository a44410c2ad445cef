"""The build: what lists may look like, what is said of wrong lines, what an interruption costs."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mailstead.breached import build as building
from mailstead.breached import lists
from mailstead.breached.build import Outcome, build, work_folder
from mailstead.breached.index import Index
from mailstead.breached.lists import Kind
from mailstead.standards.refusal import Refusal
from tests.breached.conftest import Write, line, sha1


def built(tmp_path: Path, *sources: lists.Source) -> Outcome:
    return build(sources, tmp_path / "index", clock=lambda: 1_700_000_000.0)


def known(tmp_path: Path, *passwords: bytes) -> list[bool]:
    with Index.open(tmp_path / "index") as index:
        return [index.has(sha1(password)) for password in passwords]


def refused(*paths: Path, kind: Kind | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        build([lists.source(path, kind) for path in paths], paths[0].with_name("index"))
    assert caught.value.remedy
    return caught.value.code


def test_a_list_of_hashes_in_either_case_and_with_any_line_end(
    write: Write, tmp_path: Path
) -> None:
    lines = [line(b"one"), sha1(b"two").hex().encode() + b"\n", sha1(b"three").hex().encode()]
    made = built(tmp_path, lists.source(write("list.txt", [b"\xef\xbb\xbf", *lines])))
    assert (made.hashes, made.lines, made.wrong) == (3, 3, 0)
    assert known(tmp_path, b"one", b"two", b"three", b"four") == [True, True, True, False]


def test_wrong_lines_are_counted_and_named_by_their_number(write: Write, tmp_path: Path) -> None:
    good = [line(b"%d" % number) for number in range(20)]
    wrong = [
        b"Secret:1\n",
        line(b"x")[1:],
        b"\r\n",
        b"G" + line(b"x")[1:],
        line(b"x")[:40] + b"x\n",
    ]
    path = write("list.txt", [*good[:10], *wrong, *good[10:]])
    made = built(tmp_path, lists.source(path))
    assert (made.hashes, made.lines, made.wrong) == (20, 25, 4)
    assert made.named == ("list.txt line 11", "list.txt line 12", "list.txt line 14")


def test_lines_with_the_count_none_are_padding(write: Write, tmp_path: Path) -> None:
    padding = sha1(b"padding").hex().encode() + b":0\r\n"
    tens = sha1(b"tens").hex().encode() + b":010\n"
    made = built(tmp_path, lists.source(write("list.txt", [padding, line(b"real"), tens])))
    assert (made.hashes, made.wrong) == (2, 0)
    assert known(tmp_path, b"real", b"tens", b"padding") == [True, True, False]


@pytest.mark.parametrize("ending", ["", ".txt"])
def test_a_folder_of_range_files(write: Write, tmp_path: Path, ending: str) -> None:
    words = [b"word %d" % number for number in range(200)]
    files: dict[str, list[bytes]] = {}
    for word in words:
        digits = sha1(word).hex().upper()
        files.setdefault(digits[:5], []).append(digits[5:].encode() + b":2\r\n")
    name, lines = next(iter(files.items()))
    lines.append(b"too short:1\n")
    lines[-1:] = [b"", lines[-1]]
    for prefix, found in files.items():
        write(f"ranges/{prefix}{ending}", found)
    write("ranges/README", [b"not one of them"])
    made = built(tmp_path, lists.source(tmp_path / "ranges"))
    assert (made.hashes, made.wrong) == (200, 1)
    assert made.named == (f"{name}{ending} line {len(lines) - 1}",)
    assert all(known(tmp_path, *words))


def test_combinations_with_every_oddity(write: Write, tmp_path: Path) -> None:
    path = write(
        "combo.txt",
        [
            b"ann@a.example:pass:with;both\r\n",
            b"bob@a.example;semi:colon\n",
            b"cid@a.example:caf\xe9\n",
            b"dan@a.example:caf\xc3\xa9 au lait\n",
            b"eve@a.example:$HEX[00ff]\n",
            b"\n",
            b"no password here\n",
            b"fay@a.example: spaces stay \n",
            b"gil@a.example:\xff\xfe\x80",
        ],
    )
    made = built(tmp_path, lists.source(path))
    assert (made.wrong, made.named) == (1, ("combo.txt line 7",))
    assert all(
        known(
            tmp_path,
            b"pass:with;both",
            b"semi:colon",
            b"caf\xe9",
            "café".encode(),
            "café au lait".encode(),
            b"\x00\xff",
            b" spaces stay ",
            b"\xff\xfe\x80",
        )
    )
    assert known(tmp_path, b"ann@a.example", b"with;both", b"spaces stay") == [False] * 3


def test_a_list_of_passwords_alone_is_taken_when_it_is_said(write: Write, tmp_path: Path) -> None:
    path = write("rock.txt", [b"123456\n", b"a:b\r\n", b"\n", b"last"])
    assert refused(path) == "breached-kind-unclear"
    made = built(tmp_path, lists.source(path, Kind.PLAIN))
    assert (made.hashes, made.lines) == (3, 4)
    assert known(tmp_path, b"123456", b"a:b", b"last", b"b") == [True, True, True, False]


def test_several_lists_make_one_index_in_which_each_hash_counts_once(
    write: Write, tmp_path: Path
) -> None:
    made = built(
        tmp_path,
        lists.source(write("one.txt", [line(b"both"), line(b"one")])),
        lists.source(write("two.txt", [b"a@b.example:both\n", b"a@b.example:two\n"])),
    )
    assert (made.hashes, made.lines) == (3, 4)
    assert all(known(tmp_path, b"one", b"two", b"both"))


def test_what_is_no_list_is_refused(write: Write, tmp_path: Path) -> None:
    empty = write("empty.txt", [])
    assert refused(empty) == "breached-kind-unclear"
    assert refused(empty, kind=Kind.PLAIN) == "breached-nothing"
    assert refused(write("ntlm.txt", [b"0" * 32 + b":1\n"])) == "breached-ntlm"
    assert refused(write("all wrong", [b"nothing\n"] * 9), kind=Kind.ORDERED) == "breached-nothing"
    assert refused(tmp_path / "none.txt") == "breached-input"
    (tmp_path / "folder").mkdir()
    assert refused(tmp_path / "folder") == "breached-ranges-none"
    assert refused(tmp_path / "folder", kind=Kind.PLAIN) == "breached-kind-wrong"
    assert refused(empty, kind=Kind.RANGES) == "breached-kind-wrong"
    assert not (tmp_path / "index").exists()
    assert not work_folder(tmp_path / "index").exists()


def test_a_line_longer_than_any_is_passed_over(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "CHUNK", 1_000)
    many = [line(b"%d" % number) for number in range(100)]
    path = write("list.txt", [*many[:50], b"x" * 5_000 + b"\n", *many[50:], b"y" * 3_000])
    made = built(tmp_path, lists.source(path))
    assert (made.hashes, made.wrong, made.lines) == (100, 2, 102)
    assert all(known(tmp_path, *(b"%d" % number for number in range(100))))


@pytest.mark.parametrize("keys_of_a_part", [5_000, 300, 12, 2])
def test_parts_of_any_size_answer_alike(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys_of_a_part: int
) -> None:
    monkeypatch.setattr(building, "KEYS_OF_A_PART", keys_of_a_part)
    words = [b"word %d" % number for number in range(5_000)]
    made = built(tmp_path, lists.source(write("list.txt", map(line, words))))
    assert made.hashes == 5_000
    assert made.parts >= 5_000 / keys_of_a_part
    assert all(known(tmp_path, *words))
    assert sum(known(tmp_path, *(b"no word %d" % number for number in range(5_000)))) <= 3
    with Index.open(tmp_path / "index") as index:
        index.verify()


# Stops for good at its n-th sign of life, so that it is killed where the test wants it.
CHILD = """
import sys
from pathlib import Path
from mailstead.breached import build, lists
lists.CHUNK, build.KEYS_OF_A_PART = 20_000, 500
stage, calls = sys.argv[1], int(sys.argv[2])
def progress(now, done, total):
    global calls
    if now == stage:
        calls -= 1
        if calls == 0:
            print("stopped", flush=True)
            sys.stdin.read()
sources = [lists.source(Path(sys.argv[3])), lists.source(Path(sys.argv[4]))]
build.build(sources, Path(sys.argv[5]), progress=progress, note_every=0.0)
"""
SECRETS = [b"correct horse %d" % number for number in range(3_000)]


@pytest.mark.parametrize(("stage", "calls"), [("reading", 6), ("reading", 13), ("building", 7)])
def test_a_build_that_is_killed_goes_on(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, calls: int
) -> None:
    monkeypatch.setattr(building, "KEYS_OF_A_PART", 500)
    hashes = write("hashes.txt", [line(b"word %d" % number) for number in range(4_000)])
    combos = write("combos.txt", [b"a@b.example:" + word + b"\r\n" for word in SECRETS])
    out, whole = tmp_path / "index", tmp_path / "whole"
    words = [sys.executable, "-c", CHILD, stage, str(calls), str(hashes), str(combos), str(out)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"stopped\n"
        child.send_signal(signal.SIGKILL)
    assert not out.exists()
    left = {path: path.read_bytes() for path in work_folder(out).iterdir()}
    assert left
    assert not [path for path, found in left.items() if b"correct horse" in found]
    seen: list[tuple[str, int]] = []
    sources = [lists.source(hashes), lists.source(combos)]
    made = build(
        sources,
        out,
        progress=lambda now, done, total: seen.append((now, done)),
        clock=lambda: 5.0,
    )
    assert made.went_on and not made.began_anew
    # It has begun where the other was killed, not at the begin.
    assert seen[0][0] == stage
    assert seen[0][1] > 0
    assert made.lines == 7_000
    build(sources, whole, clock=lambda: 5.0)
    assert out.read_bytes() == whole.read_bytes()
    assert not work_folder(out).exists()
    assert b"correct horse" not in out.read_bytes()


def test_changed_lists_begin_a_new_build(write: Write, tmp_path: Path) -> None:
    def stop(now: str, done: int, total: int) -> None:
        if now == "building":
            raise KeyboardInterrupt

    path = write("list.txt", [line(b"old")])
    with pytest.raises(KeyboardInterrupt):
        build([lists.source(path)], tmp_path / "index", progress=stop)
    path.write_bytes(line(b"new one") + line(b"another"))
    made = built(tmp_path, lists.source(path))
    assert made.began_anew and not made.went_on
    assert known(tmp_path, b"old", b"new one") == [False, True]


def test_the_old_index_stays_until_the_new_one_is_whole(write: Write, tmp_path: Path) -> None:
    built(tmp_path, lists.source(write("old.txt", [line(b"old")])))
    new = lists.source(write("new.txt", [line(b"new")]))
    seen: list[bool] = []

    def look(now: str, done: int, total: int) -> None:
        seen.extend(known(tmp_path, b"old"))

    build([new], tmp_path / "index", progress=look)
    assert seen and all(seen)
    assert known(tmp_path, b"old", b"new") == [False, True]
    assert (tmp_path / "index").stat().st_mode & 0o777 == 0o644


def test_two_builds_of_one_index_do_not_meet(write: Write, tmp_path: Path) -> None:
    what = lists.source(write("list.txt", [line(b"one")]))
    codes: list[str] = []

    def second(now: str, done: int, total: int) -> None:
        with pytest.raises(Refusal) as caught:
            build([what], tmp_path / "index")
        codes.append(caught.value.code)

    build([what], tmp_path / "index", progress=second)
    assert set(codes) == {"breached-busy"}


def test_a_place_that_cannot_be_written_is_named(write: Write, tmp_path: Path) -> None:
    what = lists.source(write("list.txt", [line(b"one")]))
    with pytest.raises(Refusal) as caught:
        build([what], tmp_path / "list.txt" / "index")
    assert caught.value.code == "breached-out"


def test_two_runs_make_the_same_file(write: Write, tmp_path: Path) -> None:
    words = [b"word %d" % number for number in range(1_000)]
    path = write("list.txt", map(line, words))
    built(tmp_path, lists.source(path))
    first = (tmp_path / "index").read_bytes()
    built(tmp_path, lists.source(path))
    assert (tmp_path / "index").read_bytes() == first
