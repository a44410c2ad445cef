"""The guard on a node is measured with small sizes; what is recorded is what was lived."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.guard.asking import Question, ask
from bench.guard.recorded import Recorder, lived, tell
from bench.guard.submission import without_asking
from bench.host import HostFailed

from bench.guard import node
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.server import listen
from tests.mailplane.guard.mailboxes import NOW, message

TINY = node.Size(each=1, days=6, mailboxes=200, connections=8, rate=50, seconds=1)


def test_every_figure_is_measured_and_the_guard_is_gone(tmp_path: Path) -> None:
    figures = node.measure(tmp_path, TINY, lambda words: None)
    assert [figure.unit for figure in figures] == ["/s", "/s", "ms", "ms", "ms", "octets", "MB RSS"]
    assert all(figure.value > 0 for figure in figures)
    p50, p99, worst = (figure.value for figure in figures[2:5])
    assert p50 <= p99 <= worst
    assert figures[2].detail["messages"] == 50
    # So few mailboxes say nothing about the room that each needs.
    assert figures[5].met is None
    assert list(tmp_path.iterdir()) == []


def test_who_hears_the_recording_knows_the_same() -> None:
    recorder, other = Recorder(), Detector()
    recorder.opened("ann@cars.example", NOW - 1)
    for number in range(30):
        recorder.judge(message(NOW + number, f"x{number}@far.example", client=f"192.0.2.{number}"))
    recorder.confirmed("ann@cars.example", NOW + 40)
    for one in recorder.heard:
        tell(other, one)
    found = {name: record.encode() for name, record in other.records.items()}
    assert found == {n: record.encode() for n, record in recorder.detector.records.items()}
    assert other.crowd.thefts == {"ann@cars.example": NOW + 40}


def test_a_life_is_the_same_each_time() -> None:
    assert lived(1, 2) == lived(1, 2)


def test_a_guard_that_is_away_is_a_failure_not_a_figure(tmp_path: Path) -> None:
    door = listen(tmp_path / "guard.sock")
    door.close()
    question = Question("ann@cars.example", "192.0.2.1", "pc", ("bob@far.example",))
    with pytest.raises((HostFailed, OSError)):
        ask(tmp_path / "guard.sock", [question], 1, 10)


@pytest.mark.parametrize(
    ("asking", "silent"),
    [
        ("", ""),
        ("check_policy_service { unix:/g, timeout=5s, { default_action = 451 4.3.5 a, b } }", ""),
        (
            "reject_non_fqdn_recipient, check_policy_service { unix:/g, try_limit=1 }, reject",
            "reject_non_fqdn_recipient, reject",
        ),
    ],
)
def test_only_the_questions_to_the_guard_are_taken_out(asking: str, silent: str) -> None:
    assert without_asking(asking) == silent
