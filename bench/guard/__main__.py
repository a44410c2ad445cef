"""`python -m bench.guard`: simulates mailboxes and attacks, prints what each method holds.

Needs no root and no engines. Seeds for tuning and seeds for the published table are kept apart:
whoever changes a weight looks at the first only.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench.guard.baselines import BASELINES
from bench.guard.botnet import made_up, read
from bench.guard.ours import ours
from bench.guard.report import as_markdown
from bench.guard.run import OURS, Plan, run
from bench.load.run import ROOT
from bench.report import SIMULATED, with_section
from mailstead.standards.refusal import Refusal

RESULTS = ROOT / "bench" / "RESULTS.md"
TUNING = "for tuning, not to be quoted"
PUBLISHED = "published; no weight was chosen by looking at them"
CHOICES = {"ours": [OURS], "baselines": list(BASELINES), "all": [OURS, *BASELINES]}
DEFAULT_TUNING = "1-20"


def seeds(text: str) -> list[int]:
    """`1-20` or `7`."""
    first, _, last = text.partition("-")
    try:
        found = list(range(int(first), int(last or first) + 1))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not like 1-20") from None
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' goes backwards")
    return found


def positive(text: str) -> int:
    """A number from 1 up."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 up")
    return int(text)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument("--seeds", type=seeds, help=f"for tuning, as {DEFAULT_TUNING}")
    parser.add_argument("--published", type=seeds, help="for the published table, as 101-160")
    parser.add_argument("--days", type=positive, default=30, help="of servers without an attack")
    parser.add_argument("--history", type=positive, default=14, help="days before an attack")
    parser.add_argument(
        "--accounts", type=positive, default=7, help="of each population, without an attack"
    )
    parser.add_argument("--judge", choices=CHOICES, default="all")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1)
    parser.add_argument(
        "--botnet",
        type=Path,
        default=os.environ.get("GUARD_BOTNET"),
        help="CSV file of residential bots; default: $GUARD_BOTNET; neither: made-up addresses",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="tell each false hold and each attack that got far; of the tuning seeds only",
    )
    parser.add_argument(
        "--record", action="store_true", help="put the published table into bench/RESULTS.md"
    )
    arguments = parser.parse_args(words)
    if arguments.seeds is None and arguments.published is None:
        arguments.seeds = seeds(DEFAULT_TUNING)
    both = set(arguments.seeds or ()) & set(arguments.published or ())
    if both:
        parser.error(f"seed {min(both)} is for tuning and published; the sets must differ")
    if arguments.record and not arguments.published:
        parser.error("--record needs --published: a tuning table is not worth recording")
    return arguments


def main(words: Sequence[str] | None = None) -> int:
    """Simulate and print; returns the exit code."""
    arguments = _arguments(words)
    console = Console(stderr=True)
    methods = CHOICES[arguments.judge]
    try:
        if OURS in methods:
            ours()
        botnet = read(Path(arguments.botnet)) if arguments.botnet else made_up()
    except (Refusal, ImportError) as error:
        words_of_it = error.sentence if isinstance(error, Refusal) else f"No detector: {error}."
        print(words_of_it, file=sys.stderr)
        return 2
    started = time.monotonic()

    def progress(done: int, of: int) -> None:
        if done % 10 == 0 or done == of:
            console.print(f"{time.monotonic() - started:5.0f} s  {done} of {of}", highlight=False)

    for chosen, what in ((arguments.seeds, TUNING), (arguments.published, PUBLISHED)):
        if not chosen:
            continue
        plan = Plan(chosen, arguments.days, arguments.history, arguments.accounts, methods, botnet)
        tallies = run(plan, arguments.jobs, progress)
        page = as_markdown(plan, tallies, what)
        print(page)
        if arguments.explain and what == TUNING:
            for name, tally in tallies.items():
                print(*(f"{name}: {note}" for note in tally.notes), sep="\n")
        if arguments.record and what == PUBLISHED:
            recorded = with_section(RESULTS.read_text(encoding="utf-8"), SIMULATED, page)
            RESULTS.write_text(recorded, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
