"""What the guard knows outlives it: a restart, a kill, a file that is damaged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.mailplane.guard.mailboxes import ANN, BOB, BOT, FAR, NETWORKS, NOW, message, settled
from tests.mailplane.guard.mailboxes import strangers as people

from mailstead.mailplane.guard import memory as module
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.memory import KEEP, Memory
from mailstead.mailplane.guard.profile import DAY

ROOT = Path(__file__).parents[3]


def reopened(path: Path) -> Detector:
    """As a guard that has just started knows it."""
    detector = Detector(NETWORKS)
    Memory(path).fill(detector)
    return detector


def test_habits_and_cases_outlive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "profiles.db"
    detector = settled(ANN, BOB)
    for number in range(20):
        detector.judge(message(NOW + number, *people(9, f"x{number}"), client=FAR, helo=BOT))
    assert detector.held(ANN, NOW)
    memory = Memory(path)
    assert memory.keep(detector, NOW) == 2
    assert memory.keep(detector, NOW) == 0, "what has not changed is not written again"
    memory.close()
    again = reopened(path)
    assert again.held(ANN, NOW) and not again.held(BOB, NOW)
    for mailbox in (ANN, BOB):
        before, after = detector.record(mailbox, NOW), again.record(mailbox, NOW)
        assert after.encode() == before.encode()
        assert after.people == before.people
    assert again.why(ANN, NOW) == detector.why(ANN, NOW)


def test_a_theft_raises_the_others_after_a_restart_too(tmp_path: Path) -> None:
    detector = settled(ANN, BOB)
    detector.judge(message(NOW, client=FAR, helo=BOT))
    detector.confirmed(ANN, NOW + 60)
    Memory(tmp_path / "p.db").keep(detector, NOW + 60)
    again = reopened(tmp_path / "p.db")
    assert again.crowd.raised(BOB, NOW + 120) == detector.crowd.raised(BOB, NOW + 120) > 1
    assert again.crowd.is_stolen_client(FAR, NOW + 120)


def test_a_kill_loses_no_profile(tmp_path: Path) -> None:
    path = tmp_path / "profiles.db"
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.mailplane.guard.mailboxes import ANN, BOB, NOW, message, settled\n"
        "from mailstead.mailplane.guard.memory import Memory\n"
        "detector = settled(ANN, BOB)\n"
        "Memory(Path(sys.argv[1])).keep(detector, NOW)\n"
        "detector.judge(message(NOW + 1))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False)
    assert ended.returncode == -9
    again = reopened(path)
    expected = settled(ANN, BOB)
    for mailbox in (ANN, BOB):
        assert again.record(mailbox, NOW).encode() == expected.record(mailbox, NOW).encode()


def test_only_so_many_are_at_hand_and_none_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_AT_HAND", 3)
    detector = Detector(NETWORKS)
    memory = Memory(tmp_path / "p.db")
    memory.fill(detector)
    boxes = [f"box{number}@cars.example" for number in range(10)]
    for number, mailbox in enumerate(boxes):
        detector.judge(message(NOW + number, mailbox=mailbox))
    memory.keep(detector, NOW + 10)
    assert list(detector.records) == boxes[-3:], "those that were used last"
    assert all(detector.record(mailbox, NOW + 20).profile.messages == 1 for mailbox in boxes)


def test_a_profile_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "p.db")
    memory.keep(settled(ANN), NOW)
    memory._db.execute("UPDATE profile SET raw = x'ff00'")
    detector = Detector(NETWORKS)
    memory.fill(detector)
    assert detector.record(ANN, NOW).profile.messages == 0


def test_who_does_nothing_for_more_than_a_year_is_forgotten(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "p.db")
    memory.keep(settled(ANN), NOW)
    assert memory.prune(NOW + KEEP - DAY) == 0
    assert memory.prune(NOW + KEEP + DAY) == 1
    assert memory.load(ANN) is None
    memory.keep(settled(BOB), NOW)
    memory.forget(BOB)
    assert memory.load(BOB) is None
