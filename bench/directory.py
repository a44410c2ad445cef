"""How long a directory takes from a snapshot to every engine's file, and one change on top."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from bench.build import Built
from bench.host import HostFailed
from bench.load.run import ROOT
from bench.machine import percentile
from bench.population import Population
from bench.report import Figure

FULL_DOMAINS = 20_000
BUILD_TARGET = 60.0
CHANGE_TARGET = 200.0
HOME = "ms-gd"


def measure(work: Path, population: Population, changes: int) -> list[Figure]:
    """Build in a home of its own under `work`, which is removed; raises `HostFailed`."""
    home = work / HOME
    shutil.rmtree(home, ignore_errors=True)
    try:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "bench.build"),
                *(str(home), str(population.domains), str(changes)),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise HostFailed(f"The directory was not built: {done.stderr.strip()[-600:]}")
        built = msgspec.json.decode(done.stdout, type=Built)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    milliseconds = [seconds * 1000 for seconds in built.changes]
    full = population.domains >= FULL_DOMAINS
    return [
        Figure(
            "directory",
            f"built from a snapshot: {population.domains:,} domains, "
            f"{population.mailboxes:,} mailboxes",
            built.build,
            "s",
            # The target is for the full size; a quick run must not claim it.
            at_most=BUILD_TARGET if full else None,
            detail={"map_entries": built.entries, "peak_mib": built.peak_kib // 1024},
        ),
        Figure(
            "directory",
            "one change on top of it, p50",
            percentile(milliseconds, 0.5),
            "ms",
        ),
        Figure(
            "directory",
            "one change on top of it, p95",
            percentile(milliseconds, 0.95),
            "ms",
            at_most=CHANGE_TARGET if full else None,
            detail={"milliseconds": [round(value, 1) for value in milliseconds]},
        ),
    ]
