"""The delivery log is measured on a database and a home that vanish."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import deliveries

pytestmark = pytest.mark.engines


@pytest.fixture
def short() -> Iterator[Path]:
    """The path of a socket must be short, and the database's user must enter."""
    folder = Path(tempfile.mkdtemp(prefix="ms-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_small_log_is_measured_without_claiming_the_searches_target(short: Path) -> None:
    figures = deliveries.measure(short, rows=2_000, events=1_000, trials=2)
    assert all(figure.value > 0 for figure in figures)
    assert {figure.met for figure in figures[1:]} == {None}
    assert {figure.unit for figure in figures} == {"events/s", "ms", "rows/s"}
    assert list(short.iterdir()) == []
