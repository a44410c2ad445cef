"""What of log-ins outlives a restart, and that nothing there is a password."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mailstead.mailplane.guard.logins import limits
from mailstead.mailplane.guard.logins.detector import Answer, Attempt, LoginDetector
from mailstead.mailplane.guard.logins.limits import DAY
from mailstead.mailplane.guard.logins.memory import LoginMemory

NOW = 1_800_000_000.0
ANN, OFFICE, THIEF = "ann@here.example", "192.0.2.10", "198.51.100.5"


@pytest.fixture
def memory(tmp_path: Path) -> LoginMemory:
    return LoginMemory(tmp_path / "logins.db")


def started(memory: LoginMemory) -> LoginDetector:
    made = LoginDetector()
    memory.fill(made)
    return made


def busy(memory: LoginMemory) -> LoginDetector:
    """Ann has an office; a thief has tried her; another one has tried many."""
    made = started(memory)
    made.learn(Attempt(NOW, ANN, OFFICE, 1), right=True)
    for number in range(10):
        made.learn(Attempt(NOW, ANN, THIEF, 100 + number), right=False)
        made.learn(Attempt(NOW, f"u{number}@here.example", OFFICE, 7), right=False)
    for number in range(limits.ATTACKED):
        made.learn(Attempt(NOW, ANN, f"10.0.{number}.1", 1_000 + number), right=False)
    return made


def blocks(path: Path) -> set[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as base:
        return set(base.execute("SELECT client, account, reason FROM block"))


def test_a_restart_changes_no_answer(memory: LoginMemory, tmp_path: Path) -> None:
    before = busy(memory)
    before.judge(Attempt(NOW, ANN, "10.1.1.1", 5))
    asked = [
        Attempt(NOW + 5, account, address, password)
        for account in (ANN, "bob@here.example")
        for address in (OFFICE, THIEF, "192.0.2.99", "203.0.113.1")
        for password in (1, 2)
    ]
    memory.keep(before, NOW)
    after = started(LoginMemory(tmp_path / "logins.db"))
    assert after.guesses == before.guesses
    answers = [before.judge(one) for one in asked]
    assert [after.judge(one) for one in asked] == answers
    assert {one.reason for one in answers} == {None, "passwords", "accounts", "attack"}


def test_who_is_kept_out_stands_where_the_agent_reads_it(
    memory: LoginMemory, tmp_path: Path
) -> None:
    found = busy(memory)
    memory.keep(found, NOW)
    path = tmp_path / "logins.db"
    assert blocks(path) == {
        (THIEF, ANN, "passwords"),
        (OFFICE, "", "accounts"),
        ("", ANN, "attack"),
    }
    found.lift(OFFICE, "", NOW + 1)
    found.lift("", ANN, NOW + 1)
    memory.keep(found, NOW + 1)
    assert blocks(path) == {(THIEF, ANN, "passwords")}


def test_names_that_somebody_makes_up_do_not_fill_the_disk(
    memory: LoginMemory, tmp_path: Path
) -> None:
    found = started(memory)
    for number in range(500):
        attempt = Attempt(NOW, f"u{number}@here.example", f"10.0.0.{number % 250}", number)
        found.learn(attempt, right=False)
    memory.keep(found, NOW)
    with closing(sqlite3.connect(tmp_path / "logins.db")) as base:
        assert base.execute("SELECT count(*) FROM account").fetchone() == (0,)


def test_what_counts_no_more_is_forgotten(memory: LoginMemory, tmp_path: Path) -> None:
    memory.keep(busy(memory), NOW)
    memory.prune(NOW + 9 * DAY)
    assert not blocks(tmp_path / "logins.db")
    after = started(memory)
    assert not after.clients
    assert after.judge(Attempt(NOW + 9 * DAY, ANN, OFFICE, 1)) == Answer()
    assert memory.load(ANN) is not None
    memory.prune(NOW + 200 * DAY)
    assert memory.load(ANN) is None


def test_a_row_that_cannot_be_read_is_nobody(memory: LoginMemory, tmp_path: Path) -> None:
    memory.keep(busy(memory), NOW)
    with closing(sqlite3.connect(tmp_path / "logins.db")) as base, base:
        base.execute("UPDATE client SET raw = x'c1'")
        base.execute("UPDATE account SET raw = x'c1'")
    after = started(memory)
    assert after.judge(Attempt(NOW, ANN, THIEF, 1)) == Answer()


def test_a_word_is_followed_once(memory: LoginMemory) -> None:
    assert memory.is_news("192.0.2.1 ", NOW)
    assert not memory.is_news("192.0.2.1 ", NOW)
    assert memory.is_news("192.0.2.1 ", NOW + 1)


def test_a_flood_is_written_in_parts(memory: LoginMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailstead.mailplane.guard.logins.memory.MOST_AT_ONCE", 7)
    found = started(memory)
    for number in range(20):
        found.learn(Attempt(NOW, f"u{number}@here.example", OFFICE, 1), right=True)
    assert [memory.keep(found, NOW) for _ in range(4)] == [7, 7, 6, 0]
    assert memory.load("u19@here.example") is not None
