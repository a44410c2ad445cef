"""Memory is counted for a process and all that descends from it."""

from __future__ import annotations

import os
import subprocess
import sys

from bench.memory import by_program, measure, tree


def test_grandchildren_count() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "import subprocess; print(1, flush=True); subprocess.run(['cat'])"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.readline()
    try:
        found = tree(os.getpid())
        assert child.pid in found
        uses = by_program([os.getpid(), child.pid])
        assert sum(use.processes for use in uses.values()) == 2
        assert all(0 < use.pss <= use.rss for use in uses.values())
    finally:
        child.stdin.close()
        child.wait()
        child.stdout.close()


def test_the_sum_is_judged_and_every_program_listed() -> None:
    figures = measure(os.getpid(), settle=0)
    assert figures[0].target == "≤ 600 MB"
    assert figures[1].value <= figures[0].value
    assert any(figure.unit == "MB RSS" for figure in figures[2:])
