"""The index of breached passwords is measured as it is built and asked, and nothing stays."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from bench import breached, breached_logins
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


@pytest.mark.engines
def test_what_a_look_costs_a_log_in_is_measured() -> None:
    # Sockets have short names, and other users must get in.
    with tempfile.TemporaryDirectory(prefix="ms-l", dir="/tmp") as name:
        work = Path(name)
        work.chmod(0o755)
        figures = breached_logins.measure(work, 1_000, lambda words: None, log_ins=16)
        assert list(work.iterdir()) == []
    kinds, ways = 2, len(breached_logins.SAID)
    added = [figure for figure in figures if "adds" in figure.what]
    assert len(added) == 2 * kinds
    assert [figure.unit for figure in figures] == ["ms"] * (kinds * (ways + 2)) + ["/s"] * ways
    assert all(figure.value > 0 for figure in figures if "adds" not in figure.what)
