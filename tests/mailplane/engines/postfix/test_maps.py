"""The maps: changed in place, whole or not at all, with what postmap reads as it is meant."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailstead.home import Home
from mailstead.mailplane.engines.postfix import control
from mailstead.mailplane.engines.postfix.control import Postmap
from mailstead.mailplane.engines.processes import EngineError
from mailstead.standards.refusal import Refusal


@pytest.fixture
def maps(tmp_path: Path) -> Iterator[Postmap]:
    home = Home(tmp_path)
    home.maps.mkdir(parents=True)
    main = home.postfix / "main.cf"
    main.write_text("compatibility_level = 3.6\nlmdb_map_size = 268435456\n")
    # Postfix waits up to two seconds when main.cf may still be being written.
    os.utime(main, (0, 0))
    made = Postmap(home)
    made.create()
    yield made


def test_what_is_put_is_answered_and_what_is_deleted_is_not(maps: Postmap) -> None:
    maps.update("recipients", {"a@x.example": "DUNNO", "b@x.example": '550 5.1.1 no: "b" # x'}, ())
    maps.update("recipients", {"c@x.example": "DUNNO"}, ["a@x.example"])
    wanted = {"b@x.example": '550 5.1.1 no: "b" # x', "c@x.example": "DUNNO"}
    assert maps.query("recipients", ["a@x.example", "b@x.example", "c@x.example"]) == wanted
    assert maps.dump("recipients") == wanted


def test_repeating_a_change_is_harmless(maps: Postmap) -> None:
    for _ in range(2):
        maps.update("aliases", {"a@x.example": "b@x.example, c@y.example"}, ["gone@x.example"])
    assert maps.dump("aliases") == {"a@x.example": "b@x.example, c@y.example"}


def test_a_key_that_is_put_and_deleted_is_put(maps: Postmap) -> None:
    maps.update("aliases", {"a@x.example": "b@x.example"}, ["a@x.example"])
    assert maps.query("aliases", ["a@x.example"])


def test_a_large_change_is_the_same_as_many_small_ones(
    maps: Postmap, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps.update("senders", {f"k{n}@x.example": "old" for n in range(20)}, ())
    monkeypatch.setattr(control, "BULK", 3)
    puts = {f"k{n}@x.example": "new" for n in range(5, 10)}
    maps.update("senders", puts, [f"k{n}@x.example" for n in range(5)])
    wanted = puts | {f"k{n}@x.example": "old" for n in range(10, 20)}
    assert maps.dump("senders") == wanted


def test_replace_keeps_the_file_that_open_sessions_read(maps: Postmap, tmp_path: Path) -> None:
    file = Home(tmp_path).maps / "credentials.lmdb"
    before = file.stat().st_ino
    maps.replace("credentials", {"a@x.example/1": "submission_permitted"})
    assert file.stat().st_ino == before
    assert maps.dump("credentials") == {"a@x.example/1": "submission_permitted"}
    assert list(file.parent.glob("credentials*")) == [file]


def test_a_reader_never_sees_half_a_replacement(maps: Postmap) -> None:
    everything = {f"k{n}@x.example": "DUNNO" for n in range(5000)}
    maps.replace("recipients", everything)
    done = threading.Event()

    def rebuild() -> None:
        for _ in range(5):
            maps.replace("recipients", everything)
        done.set()

    writer = threading.Thread(target=rebuild)
    writer.start()
    keys = ["k0@x.example", "k2500@x.example", "k4999@x.example"]
    answers = []
    while not done.is_set():
        answers.append(len(maps.query("recipients", keys)))
    writer.join()
    assert set(answers) == {3}


@pytest.mark.parametrize(
    "key",
    ["", " a@x", "#a@x", '"a"@x', "a b@x", "a\nb@x", "a\0b@x", "ä@x", "A@x", "a\tb", "a\u2028b"],
)
def test_a_hostile_key_is_refused_and_nothing_is_written(maps: Postmap, key: str) -> None:
    for change in (
        lambda: maps.update("recipients", {"ok@x": "DUNNO", key: "DUNNO"}, ()),
        lambda: maps.update("recipients", {"ok@x": "DUNNO"}, [key]),
        lambda: maps.replace("recipients", {"ok@x": "DUNNO", key: "DUNNO"}),
        lambda: maps.query("recipients", [key]),
    ):
        with pytest.raises(Refusal):
            change()
    assert maps.dump("recipients") == {}


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\0b", "a\rb", " a", "a ", "ä", "a\x7f"])
def test_a_hostile_value_is_refused_and_nothing_is_written(maps: Postmap, value: str) -> None:
    with pytest.raises(Refusal):
        maps.update("recipients", {"ok@x": "DUNNO", "a@x": value}, ())
    with pytest.raises(Refusal):
        maps.replace("recipients", {"ok@x": "DUNNO", "a@x": value})
    assert maps.dump("recipients") == {}


@pytest.mark.parametrize(
    "local", ["a.b", "a+b", "a&b", "a'b", "a=b", "a~b", "a$b", "a*b", "a^b", "a#b", "a:"]
)
def test_an_unusual_key_comes_back_as_it_went_in(maps: Postmap, local: str) -> None:
    entries = {f"{local}@x.example": "x%y$z{q}, 'w'"}
    maps.update("aliases", entries, ())
    assert maps.dump("aliases") == entries
    maps.replace("aliases", entries)
    assert maps.query("aliases", list(entries)) == entries


def test_a_map_that_cannot_be_read_is_loud(maps: Postmap, tmp_path: Path) -> None:
    (Home(tmp_path).maps / "senders.lmdb").unlink()
    with pytest.raises(EngineError):
        maps.query("senders", ["a@x.example"])


def test_an_unknown_map_is_a_defect(maps: Postmap) -> None:
    with pytest.raises(ValueError, match="no such map"):
        maps.dump("virtual")
