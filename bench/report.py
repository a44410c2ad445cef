"""Figures as they are told: a table on the terminal, JSON for machines, RESULTS.md for readers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.machine import Machine

SIMULATED = "The guard, simulated"
"""Title of the section of RESULTS.md that `python -m bench.guard` records."""
COPIED = "Copies of mail"
"""Title of the section of RESULTS.md that `python -m bench.copies` records."""


HEAD = ("| benchmark | figure | value | target | |", "|---|---|---:|---:|---|")
"""Of every table of figures."""


@dataclass(frozen=True)
class Figure:
    """One measured value beside what it should be."""

    entry: str
    """The benchmark it comes from: `throughput`, `effect`, …"""
    what: str
    value: float
    unit: str = ""
    """Empty: a ratio."""
    at_least: float | None = None
    at_most: float | None = None
    detail: dict[str, object] = field(default_factory=dict)
    """Rounds, samples: for whoever doubts the value."""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without a target."""
        if self.at_least is not None:
            return self.value >= self.at_least
        if self.at_most is not None:
            return self.value <= self.at_most
        return None

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}{_unit(self.unit)}"
        if self.at_most is not None:
            return f"≤ {self.at_most:g}{_unit(self.unit)}"
        return ""

    @property
    def shown(self) -> str:
        digits = 0 if self.value >= 100 else 1 if self.value >= 10 else 2
        return f"{self.value:,.{digits}f}{_unit(self.unit)}"

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "missed"}[self.met]


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""


@dataclass(frozen=True)
class Report:
    """Everything one run found."""

    machine: Machine
    conditions: dict[str, str]
    """What a reader must know to repeat the run: concurrency, sizes, delays, order."""
    figures: Sequence[Figure]
    failures: dict[str, str]
    """Benchmarks that could not be measured, with the reason in one sentence."""
    when: dt.datetime
    quick: bool

    def as_json(self) -> dict[str, object]:
        return {
            "when": self.when.isoformat(timespec="seconds"),
            "quick": self.quick,
            "machine": self.machine.as_json(),
            "conditions": self.conditions,
            "figures": [
                {**asdict(figure), "target": figure.target, "met": figure.met}
                for figure in self.figures
            ],
            "failures": self.failures,
        }


def write_json(report: Report, path: Path) -> None:
    """The report as one JSON file; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report.as_json(), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def print_table(report: Report, console: Console) -> None:
    """The table that the operator sees at the end."""
    table = Table(title="Mailstead, measured", title_justify="left")
    table.add_column("benchmark")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("target", justify="right")
    table.add_column("")
    colours = {"met": "green", "missed": "red", "": ""}
    entry = ""
    for figure in report.figures:
        table.add_row(
            figure.entry if figure.entry != entry else "",
            figure.what,
            figure.shown,
            figure.target,
            figure.verdict,
            style=colours[figure.verdict] if figure.verdict == "missed" else "",
        )
        entry = figure.entry
    console.print(table)
    for name, words in report.failures.items():
        console.print(f"[red]{name} was not measured:[/red] {words}", highlight=False)


def as_markdown(report: Report) -> str:
    """The page `bench/RESULTS.md`."""
    machine = report.machine
    lines = [
        "# Results",
        "",
        f"Measured on {report.when:%Y-%m-%d} with `make bench`, on a machine with"
        f" {machine.cores} cores and {machine.memory_gib} GiB of memory ({machine.filesystem},"
        f" Linux {machine.kernel}, Postfix {machine.postfix}, Dovecot {machine.dovecot}).",
        f"Its disk does {machine.fsync_one:,} create-write-fsync of 4 KiB a second one after the"
        f" other, {machine.fsync_sixteen:,} by sixteen at once: read every rate beside that.",
        "What each figure means and how it is taken: `docs/develop/bench.md`.",
        "",
        *HEAD,
    ]
    lines += [row(figure) for figure in report.figures]
    if report.failures:
        lines += ["", "## Not measured", ""]
        lines += [f"- {name}: {words}" for name, words in report.failures.items()]
    lines += ["", "## Conditions", ""]
    lines += [f"- {name}: {words}" for name, words in report.conditions.items()]
    return "\n".join(lines) + "\n"


def row(figure: Figure) -> str:
    """A figure's row of a table."""
    return (
        f"| {figure.entry} | {figure.what} | {figure.shown} | {figure.target} | {figure.verdict} |"
    )


def with_section(page: str, title: str, text: str) -> str:
    """`page` with `text` as its section of that title, in place of an older one or as the last."""
    before, after = _around(page, title)
    parts = (before.rstrip("\n"), f"## {title}\n\n{text.strip()}", after.strip("\n"))
    return "\n\n".join(part for part in parts if part) + "\n"


def section(page: str, title: str) -> str:
    """The text of that section; empty: there is none."""
    before, after = _around(page, title)
    return page[len(before) : len(page) - len(after)].partition(f"## {title}\n")[2].strip("\n")


def _around(page: str, title: str) -> tuple[str, str]:
    """What stands before a section and what stands after it."""
    at = page.find(f"\n## {title}\n")
    if at < 0:
        return page, ""
    end = page.find("\n## ", at + 1)
    return page[: at + 1], page[end + 1 :] if end >= 0 else ""
