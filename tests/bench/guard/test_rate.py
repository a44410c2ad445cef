"""The guard is asked over its own socket, and vanishes."""

from __future__ import annotations

from pathlib import Path

from bench.guard import rate


def test_every_request_is_answered_and_the_guard_is_gone(tmp_path: Path) -> None:
    (figure,) = rate.measure(tmp_path, 200)
    assert figure.value > 0
    assert list(tmp_path.iterdir()) == []
