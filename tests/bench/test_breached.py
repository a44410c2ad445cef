"""The index of breached passwords is measured as it is built and asked, and nothing stays."""

from __future__ import annotations

from pathlib import Path

from bench import breached
from mailstead.breached import lists


def test_every_figure_is_there_and_the_list_is_gone(tmp_path: Path) -> None:
    figures = breached.measure(tmp_path, 400_000, lambda words: None, strangers=100_000)
    assert [figure.unit for figure in figures] == ["/s", "MiB", "", "µs", "µs", ""]
    assert all(figure.value > 0 for figure in figures)
    assert figures[0].detail["hashes"] == 400_000
    assert list(tmp_path.iterdir()) == []


def test_the_list_is_one_as_it_is_published(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    breached.write_list(path, 1_000)
    lines = path.read_bytes().split(b"\r\n")
    assert lines == [*sorted(lines[:-1]), b""]
    assert len(lines) == 1_001
    assert lists.source(path).kind is lists.Kind.ORDERED
