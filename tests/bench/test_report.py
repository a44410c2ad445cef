"""A figure says whether its target is met, and the page names the machine by its size only."""

from __future__ import annotations

import datetime as dt
import json
import platform
from io import StringIO
from pathlib import Path

import pytest
from bench.machine import Machine, fsync_rate, percentile
from bench.report import (
    Figure,
    Report,
    as_markdown,
    print_table,
    section,
    with_section,
    write_json,
)
from rich.console import Console

MACHINE = Machine(2, 24, "ext2/ext3", 900, 2000, "6.1", "3.7.11", "2.3.19.1")


def report(*figures: Figure, failures: dict[str, str] | None = None) -> Report:
    return Report(
        machine=MACHINE,
        conditions={"load": "20 sessions"},
        figures=figures,
        failures=failures or {},
        when=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        quick=False,
    )


def test_a_target_is_met_or_missed() -> None:
    assert Figure("a", "ratio", 0.95, at_least=0.95).verdict == "met"
    assert Figure("a", "ratio", 0.949, at_least=0.95).verdict == "missed"
    assert Figure("a", "time", 200, "ms", at_most=200).verdict == "met"
    assert Figure("a", "time", 201, "ms", at_most=200).verdict == "missed"
    assert Figure("a", "rate", 201, "msg/s").verdict == ""


def test_the_page_tells_values_targets_and_what_was_not_measured() -> None:
    page = as_markdown(
        report(Figure("a", "ratio", 0.5, at_least=0.95), failures={"clean": "No network."})
    )
    assert "| a | ratio | 0.50 | ≥ 0.95 | missed |" in page
    assert "2 cores and 24 GiB" in page
    assert "900 create-write-fsync" in page
    assert "- clean: No network." in page
    assert "- load: 20 sessions" in page
    assert platform.node() not in page


def test_the_json_holds_every_figure_with_its_verdict(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "figures.json"
    write_json(report(Figure("a", "ratio", 1.0, at_least=0.95, detail={"rounds": [1.0]})), path)
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read["figures"][0]["met"] is True
    assert read["figures"][0]["detail"] == {"rounds": [1.0]}
    assert read["machine"]["fsync_one"] == 900


def test_the_table_shows_a_failure_with_its_reason() -> None:
    out = StringIO()
    print_table(report(failures={"clean": "No network."}), Console(file=out, width=100))
    assert "clean was not measured: No network." in out.getvalue()


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([1, 2, 3], 0.5, 2), (list(range(1, 21)), 0.95, 19), ([5], 0.95, 5)],
)
def test_percentiles_are_values_that_were_measured(
    values: list[float], share: float, found: float
) -> None:
    assert percentile(values, share) == found


def test_the_disk_is_measured_and_left_clean(tmp_path: Path) -> None:
    assert fsync_rate(tmp_path, threads=2, seconds=0.1) > 0
    assert list(tmp_path.iterdir()) == []


def test_sections_are_put_in_each_others_place_only() -> None:
    page = "# Results\n\n## Conditions\n\n- one\n"
    for title, text in (("A", "first"), ("B", "second"), ("A", "third")):
        page = with_section(page, title, text)
    assert page == "# Results\n\n## Conditions\n\n- one\n\n## A\n\nthird\n\n## B\n\nsecond\n"
    assert section(page, "A").strip() == "third" and section(page, "B").strip() == "second"
    assert section(page, "C") == ""
