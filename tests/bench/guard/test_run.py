"""A small run from seeds to tables; what the command line refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.guard.attacks import Burst, FastBlast, Snowshoe
from bench.guard.baselines import BASELINES
from bench.guard.botnet import made_up
from bench.guard.drive import Found, Stolen
from bench.guard.report import as_markdown, figures
from bench.guard.run import CALM, OURS, Plan, Tally, run
from bench.report import section, with_section

from bench.guard import __main__ as command
from bench.guard import run as running


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two scenarios only."""
    monkeypatch.setattr(running, "SCENARIOS", {kind.name: kind for kind in (FastBlast, Snowshoe)})


def _plan() -> Plan:
    return Plan([1, 2], days=3, history=2, each=1, methods=list(BASELINES), botnet=made_up(500))


def test_the_number_of_processes_changes_nothing(few: None) -> None:
    assert run(_plan(), 1) == run(_plan(), 2)


def test_a_run_ends_in_tables_with_every_method_and_population(few: None) -> None:
    page = as_markdown(_plan(), run(_plan(), 2), "for a test")
    assert page.startswith("### Seeds 1–2: for a test\n")
    for method in BASELINES:
        assert f"| fast blast, one network | {method} | 2 | " in page
        assert f"| snowshoe, six accounts | {method} | 2 | " in page
    assert "| school mail merge | 6 | " in page
    assert "made-up addresses" in page
    assert "targets" not in page  # ours was not run


def _stolen(turn: int, messages: int, *, caught: bool = True) -> Stolen:
    seconds = 60.0 if caught else None
    return Stolen(f"m{turn}", turn, messages, 10 * messages, 0, 50, caught, seconds)


def test_the_targets_are_worked_out_from_the_runs() -> None:
    tally = Tally()
    for messages in (1, 4, 20):
        tally.add(FastBlast.name, Found(stolen=[_stolen(0, messages)]))
    tally.add(Snowshoe.name, Found(stolen=[_stolen(n, 5) for n in range(6)]))
    last_one = [_stolen(n, n, caught=n != 5) for n in range(6)]
    tally.add(Burst.name, Found(stolen=last_one))
    calm = Found(account_days={"office worker": 8_000.0, "traveller": 2_000.0})
    calm.false["traveller"] = 2
    tally.add(CALM, calm)
    found = {one.what: (one.value, one.met) for one in figures(tally)}
    assert found == {
        "fast blast, one network: out before the hold, median": (4, True),
        "fast blast, one network: out before the hold, p95": (20, False),
        "snowshoe, six accounts: out in total, median": (30, True),
        "snowshoe, six accounts: out in total, p95": (30, True),
        "burst over six accounts: out by the third, median": (2, True),
        "burst over six accounts: out by the third, p95": (2, True),
        "attacked accounts caught": (pytest.approx(100 * 14 / 15), False),
        "false holds per 10,000 account-days, all populations": (2.0, False),
        "the same, worst population (traveller)": (10.0, False),
    }


def test_holds_beside_an_attack_are_told_apart() -> None:
    tally = Tally()
    found = Found(stolen=[_stolen(0, 1)], account_days={"office worker": 100.0})
    found.false["office worker"] = 3
    tally.add(FastBlast.name, found)
    assert (tally.beside, tally.beside_days, tally.false.total()) == (3, 100.0, 0)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--seeds", "1-20", "--published", "20-30"], "seed 20 is for tuning and published"),
        (["--seeds", "x"], "'x' is not like 1-20"),
        (["--seeds", "9-3"], "'9-3' goes backwards"),
        (["--days", "0"], "'0' is not a number from 1 up"),
        (["--record"], "--record needs --published"),
        (["--judge", "nobody"], "invalid choice"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_a_missing_botnet_file_ends_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--judge", "baselines", "--botnet", str(tmp_path / "none.csv")]
    assert command.main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_published_table_says_that_it_is_and_is_recorded(
    few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "RESULTS.md"
    results.write_text("# Results\n\nfigures\n", encoding="utf-8")
    monkeypatch.setattr(command, "RESULTS", results)
    words = "--seeds 1 --published 2 --days 2 --history 1 --accounts 1 --jobs 1 --record"
    assert command.main([*words.split(), "--judge", "baselines", "--explain"]) == 0
    printed = capsys.readouterr().out
    assert "### Seeds 1: for tuning, not to be quoted" in printed
    assert "### Seeds 2: published; no weight was chosen by looking at them" in printed
    page = results.read_text(encoding="utf-8")
    assert page.startswith("# Results\n\nfigures\n\n## The guard, simulated\n\n### Seeds 2: ")
    assert "tuning, not" not in page
    assert "seed 1, snowshoe, six accounts, day" in printed  # nobody catches all of them
    assert "seed 2, snowshoe" not in printed


def test_a_section_is_put_in_once_and_found_again() -> None:
    once = with_section("# Results\n\nfigures\n", "Part", "first\n")
    twice = with_section(once, "Part", "second")
    assert twice == "# Results\n\nfigures\n\n## Part\n\nsecond\n"
    assert section(twice, "Part") == "second"
    assert section("# Results\n", "Part") == ""


def test_ours_is_the_first_column() -> None:
    assert command.CHOICES["all"][0] == OURS
