"""What the guard knows outlives it: a restart, a kill, a file that is damaged."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.mailplane.guard.mailboxes import ANN, BOB, BOT, FAR, NETWORKS, NOW, message, settled
from tests.mailplane.guard.mailboxes import strangers as people

from mailstead.mailplane.guard import memory as module
from mailstead.mailplane.guard.database import settle
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


def test_others_go_on_while_it_is_written_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    boxes = [f"box{number}@cars.example" for number in range(7)]
    detector = Detector(NETWORKS)
    memory = Memory(tmp_path / "p.db")
    for mailbox in boxes:
        detector.judge(message(NOW, mailbox=mailbox))
    parts = memory.keep_by_parts(detector, NOW)
    assert next(parts) == 2
    # One that is written already sends again, one that waits is removed, a new one comes.
    (written,) = [name for name in boxes if name not in detector.changed][:1]
    waiting = next(iter(detector.changed))
    detector.judge(message(NOW + 1, mailbox=written))
    detector.forget(waiting)
    detector.judge(message(NOW + 1, mailbox=BOB))
    assert sum(parts) == 4
    assert detector.changed == {written, BOB}, "their turn is the next"
    assert memory.load(waiting) is None
    assert memory.keep(detector, NOW + 2) == 2
    for mailbox in {*boxes, BOB} - {waiting}:
        found = memory.load(mailbox)
        assert found is not None
        assert found.encode() == detector.records[mailbox].encode()


def test_what_could_not_be_written_has_its_turn_again(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "p.db")
    detector = settled(ANN)
    memory._db.execute("PRAGMA query_only=1")
    with pytest.raises(sqlite3.Error):
        memory.keep(detector, NOW)
    memory._db.execute("PRAGMA query_only=0")
    assert memory.keep(detector, NOW) == 1


def test_a_file_of_an_older_guard_is_read_and_written_on(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    old = sqlite3.connect(path)
    old.execute(
        "CREATE TABLE profile (mailbox TEXT PRIMARY KEY, raw BLOB NOT NULL, at INTEGER NOT NULL) "
        "WITHOUT ROWID"
    )
    known = settled(ANN)
    row = (ANN, known.records[ANN].encode(), int(NOW))
    old.execute("INSERT INTO profile VALUES (?, ?, ?)", row)
    old.commit()
    old.close()
    memory = Memory(path)
    detector = Detector(NETWORKS)
    memory.fill(detector)
    detector.judge(message(NOW))
    assert detector.records[ANN].profile.messages == known.records[ANN].profile.messages + 1
    assert memory.keep(detector, NOW) == 1


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


def test_old_ones_are_looked_for_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKED_AT", 2)
    memory = Memory(tmp_path / "p.db")
    detector = Detector(NETWORKS)
    for number in range(5):
        detector.judge(message(NOW, mailbox=f"box{number}@cars.example"))
    memory.keep(detector, NOW)
    late = NOW + KEEP + DAY
    assert [memory.prune(late) for _ in range(4)] == [2, 2, 1, 0]


def test_what_was_written_comes_into_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    memory = Memory(path)
    memory.keep(settled(ANN, BOB), NOW)
    beside = Path(f"{path}-wal")
    before = beside.read_bytes()
    settle(path)
    alone = tmp_path / "alone.db"
    alone.write_bytes(path.read_bytes())
    assert before and Memory(alone).load(ANN) is not None
    memory.keep(settled(BOB), NOW)
    assert beside.stat().st_size == len(before), "and what comes next is written from the start"
