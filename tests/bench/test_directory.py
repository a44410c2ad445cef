"""A directory is built and changed with the agent's own parts, and vanishes."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.population import Population

from bench import directory

pytestmark = pytest.mark.engines


def test_a_small_directory_is_built_without_claiming_the_target(tmp_path: Path) -> None:
    figures = directory.measure(tmp_path, Population(3), changes=4)
    assert [figure.unit for figure in figures] == ["s", "ms", "ms"]
    assert all(figure.value > 0 for figure in figures)
    assert all(figure.met is None for figure in figures)
    # 15 mailboxes in `recipients`, `senders` and `credentials`, three domains at least twice.
    assert isinstance(entries := figures[0].detail["map_entries"], int)
    assert entries > 45
    assert list(tmp_path.iterdir()) == []
