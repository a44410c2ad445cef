"""The baselines deliver, are measured by turns, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from bench.baseline import TEMPLATES, Baseline, bare, equipped, fill, sweep
from bench.host import Deliveries, HostFailed
from bench.load.run import Shape
from bench.memory import tree
from bench.pgsql import pgsql
from bench.population import Population
from bench.throughput import Plan, measure, ratios

POPULATION = Population(4)


@pytest.fixture
def work() -> Iterator[Path]:
    """Short, for unix sockets, and open to the engines' users."""
    folder = Path(mkdtemp(prefix="ms-gw"))
    folder.chmod(0o755)
    yield folder
    rmtree(folder)


def test_a_template_with_an_unknown_name_is_refused(tmp_path: Path) -> None:
    template = tmp_path / "main.cf"
    template.write_text("a = @HOME@\nb = @NOBODY@\n", encoding="utf-8")
    with pytest.raises(KeyError):
        fill(template, {"HOME": "/x"})


def test_every_template_says_what_it_is() -> None:
    for path in TEMPLATES.glob("*/main.cf"):
        assert path.read_text(encoding="utf-8").startswith("# "), path


@pytest.mark.engines
def test_all_baselines_deliver_what_they_accept(work: Path) -> None:
    with ExitStack() as stack:
        hosts = (
            stack.enter_context(bare(work)),
            stack.enter_context(equipped(work)),
            stack.enter_context(pgsql(work, POPULATION)),
        )
        plan = Plan(POPULATION, Shape(concurrency=4), messages=20, rounds=2)
        told: list[str] = []
        samples = measure(hosts, plan, told.append)
        for host in hosts:
            delivered = list((host.home / "mail").rglob("new/*"))
            # Warm-up and two rounds of two workloads.
            assert len(delivered) == 2 * 20 + 2 * 2 * 20
        masters = [int((host.spool / "pid/master.pid").read_text()) for host in hosts]
        processes = [pid for master in masters for pid in tree(master)]
    # Back and forth: the last of the first round is the first of the second.
    turns = [
        words.split(", ")[2].split(":")[0]
        for words in told
        if "round" in words and "submission" in words
    ]
    assert turns == ["bare", "equipped", "pgsql", "pgsql", "equipped", "bare"]
    figure = ratios(samples, "bare", "pgsql", "words", {"inbound": 1e9})
    assert [one.verdict for one in figure] == ["", "missed"]
    assert all(rate > 0 for rates in samples.delivered.values() for rate in rates)
    assert list(work.iterdir()) == []
    assert not [pid for pid in processes if Path(f"/proc/{pid}/exe").exists()]


@pytest.mark.engines
def test_a_run_that_was_killed_is_swept_by_the_next(work: Path) -> None:
    context = bare(work)
    host = context.__enter__()
    master = int((host.spool / "pid/master.pid").read_text())
    sweep(host.home)  # what the next run does first
    assert not Path(f"/proc/{master}/exe").exists()
    assert not host.home.exists()


def test_a_message_that_was_not_delivered_spoils_the_run(tmp_path: Path) -> None:
    host = Baseline("bare", tmp_path, 0)
    host.log.parent.mkdir()
    host.log.write_text("old: postfix/lmtp[1]: A: to=<a@b>, status=sent (ok)\n")
    deliveries = Deliveries(host)
    with host.log.open("a") as log:
        log.write("postfix/lmtp[1]: B: to=<a@b>, status=sent (ok)\n")
    deliveries.check(1)
    with host.log.open("a") as log:
        log.write("postfix/lmtp[1]: C: to=<a@b>, status=deferred (no)\n")
    with pytest.raises(HostFailed, match="'deferred': 1"):
        deliveries.check(2)
