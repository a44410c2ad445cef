"""The crew copies all that is no trouble, leaves the rest, and never outlives its work."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import until

from mailstead.mailplane.node.copies.crew import Crew, Task
from mailstead.mailplane.node.copies.files import DIRECTORY, Copier


class Place:
    """Two directories, and files to copy from one to the other."""

    def __init__(self, root: Path, count: int) -> None:
        self.source, self.target = root / "from", root / "to"
        for path in (self.source, self.target):
            path.mkdir()
        self.names = [f"{number}.m" for number in range(count)]
        for name in self.names:
            (self.source / name).write_bytes(name.encode() * 100)
        self.tasks: list[Task] = [(0, name, 1, name) for name in self.names]
        self.directories = [os.open(path, DIRECTORY) for path in (self.source, self.target)]
        self.heard = 0

    def told(self, count: int, octets: int) -> None:
        self.heard += count

    def copied(self) -> set[str]:
        return {path.name for path in self.target.iterdir()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, 1000)


@pytest.fixture
def crew() -> Iterator[Crew]:
    with contextlib.closing(Crew(Copier(os.geteuid(), os.getegid()).message, hands=3)) as made:
        yield made


def test_everything_is_copied_and_told(place: Place, crew: Crew) -> None:
    assert crew.do(place.directories, place.tasks, place.told, lambda: True) == []
    assert place.copied() == set(place.names) and place.heard == 1000
    for name in place.names:
        assert (place.target / name).read_bytes() == (place.source / name).read_bytes()
    # And once more, in other directories: none is left open in the crew.
    before = {child: _open_in(child) for child in crew._hands.values()}
    for _ in range(20):
        assert crew.do(place.directories, place.tasks[:3], place.told, lambda: True) == []
    for child, number in before.items():
        assert _open_in(child) <= number + 2


def _open_in(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def test_what_is_odd_is_left_to_the_caller(place: Place, crew: Crew) -> None:
    (place.source / "7.m").unlink()
    (place.source / "8.m").unlink()
    (place.source / "8.m").symlink_to("/etc/passwd")
    assert crew.do(place.directories, place.tasks, place.told, lambda: True) == [7, 8]
    assert place.copied() == set(place.names) - {"7.m", "8.m"}


def test_it_stops_when_told_and_nothing_goes_on(place: Place, crew: Crew) -> None:
    left = crew.do(place.directories, place.tasks, place.told, lambda: place.heard < 100)
    done = place.copied()
    assert 100 <= len(done) < 1000
    # What is done and what is left are all there is, each once.
    assert {place.names[number] for number in left} | done == set(place.names)
    assert not {place.names[number] for number in left} & done

    def fails(count: int, octets: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        crew.do(place.directories, place.tasks, fails, lambda: True)
    # It can be used again.
    assert crew.do(place.directories, place.tasks, place.told, lambda: True) == []
    assert place.copied() == set(place.names)


def test_one_that_is_killed_leaves_its_part(place: Place, crew: Crew) -> None:
    first = next(iter(crew._hands.values()))
    os.kill(first, signal.SIGKILL)
    left = crew.do(place.directories, place.tasks, place.told, lambda: True)
    assert place.copied() == set(place.names) - {place.names[number] for number in left}
    assert len(left) < 1000
    for child in crew._hands.values():
        os.kill(child, signal.SIGKILL)
    left = crew.do(place.directories, place.tasks, place.told, lambda: True)
    assert left == list(range(1000))


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    parent = os.fork()
    if not parent:
        crew = Crew(lambda at, name, to, target: 0, hands=2)
        os.write(writing, " ".join(str(child) for child in crew._hands.values()).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    children = os.read(reading, 100).split()
    os.waitpid(parent, 0)
    assert len(children) == 2

    def gone() -> bool:
        return not any(Path(f"/proc/{int(child)}/mem").exists() for child in children)

    until(gone, "the crew is gone")
    os.close(reading)
    os.close(writing)
