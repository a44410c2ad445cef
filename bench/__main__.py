"""`python -m bench [NAMES…] [--quick] [--json PATH] [--record]`: measures, prints, writes.

Run as root from the root of the repository. Names: directory, guard, breached, archives, filters,
memory, effect, panel, delivery, outbound, throughput, clean; none means all (`--quick`: all but
clean). Ends with 1 when something could not be measured; a missed target is told, but is no
failure of the run.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType

from rich.console import Console

from bench.load.run import ROOT
from bench.machine import describe
from bench.plan import ENTRIES, FULL, QUICK
from bench.report import (
    COPIED,
    SIMULATED,
    Report,
    as_markdown,
    print_table,
    section,
    with_section,
    write_json,
)
from bench.run import Run

OUT = ROOT / "bench" / "out"
RESULTS = ROOT / "bench" / "RESULTS.md"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ENTRIES)}")
    parser.add_argument("--quick", action="store_true", help="small sizes, in three minutes")
    parser.add_argument("--rows", type=int, help="messages in the delivery log (full: 30000000)")
    parser.add_argument(
        "--hashes", type=int, help="in the index of breached passwords (full: 100000000)"
    )
    parser.add_argument("--json", type=Path, help=f"default: {OUT.relative_to(ROOT)}/DATE.json")
    parser.add_argument("--record", action="store_true", help="write bench/RESULTS.md too")
    parser.add_argument(
        "--work", type=Path, default=Path("/tmp"), help="on the disk to measure; default /tmp"
    )
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(ENTRIES))
    if unknown:
        parser.error(f"there is no benchmark '{unknown[0]}'; there are {', '.join(ENTRIES)}")
    if arguments.record and arguments.quick:
        parser.error("a quick run is not worth recording; leave one of the two out")
    if os.geteuid() != 0:
        parser.error("mail hosts are started as root; run it with sudo")
    return arguments


def _end_in_order() -> None:
    """A first interruption unwinds and cleans up; further ones do not disturb that."""

    def end(number: int, frame: FrameType | None) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, end)


def main() -> int:
    """Measure; returns the exit code."""
    arguments = _arguments()
    _end_in_order()
    console = Console()
    started = time.monotonic()

    def progress(words: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - started), 60)
        console.print(f"[dim]{minutes:2}:{seconds:02}[/dim] {words}", highlight=False)

    size = QUICK if arguments.quick else FULL
    if arguments.rows:
        size = replace(size, log_rows=arguments.rows)
    if arguments.hashes:
        size = replace(size, leaked=arguments.hashes)
    names = arguments.names or [
        name for name in ENTRIES if not (arguments.quick and name == "clean")
    ]
    when = dt.datetime.now(dt.UTC)
    progress("measuring the disk")
    machine = describe(arguments.work)
    run = Run(names, size, arguments.work, OUT, progress)
    run.all()
    report = Report(machine, run.conditions, run.figures, run.failures, when, arguments.quick)
    print_table(report, console)
    path = arguments.json or OUT / f"{when:%Y-%m-%dT%H%M%S}.json"
    write_json(report, path)
    progress(f"written to {path}")
    if arguments.record:
        # What is recorded by commands of its own stays.
        before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
        page = as_markdown(report)
        for title in (COPIED, SIMULATED):
            kept = section(before, title)
            page = with_section(page, title, kept) if kept else page
        RESULTS.write_text(page, encoding="utf-8")
        progress(f"recorded in {RESULTS.relative_to(ROOT)}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
