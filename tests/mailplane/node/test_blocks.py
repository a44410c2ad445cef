"""What the agent tells of the guard's blocks: each once, its end, and no flood of counts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from mailstead.home import Home
from mailstead.mailplane.guard.logins.detector import Attempt, LoginDetector
from mailstead.mailplane.guard.logins.memory import LoginMemory
from mailstead.mailplane.node.blocks import BlockBook
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.wire.events import BlockSeen

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
ANN, THIEF = "ann@here.example", "198.51.100.5"


class Node:
    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.now = NOW
        self.memory = LoginMemory(self.home.guard_logins)
        self.detector = LoginDetector()
        self.spool = EventSpool(self.home.event_spool)
        self.book = BlockBook(self.home)

    def guess(self, count: int = 1, account: str = ANN) -> None:
        for number in range(count):
            attempt = Attempt(self.now.timestamp(), account, THIEF, number)
            if self.detector.judge(attempt).reason is None:
                self.detector.learn(attempt, right=False)
        self.memory.keep(self.detector, self.now.timestamp())

    def told(self) -> list[BlockSeen]:
        """What is told of a look; all of it."""
        self.book.tell(self.spool, self.now)
        number, events = self.spool.waiting()
        self.spool.done(number, events)
        return [event for event in events if isinstance(event, BlockSeen)]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_a_block_is_told_once_and_its_end(node: Node) -> None:
    node.guess(9)
    assert node.told() == []
    node.guess(12)
    (told,) = node.told()
    assert (told.client, told.account, told.reason) == (THIEF, ANN, "passwords")
    assert told.since == NOW and told.until == NOW + dt.timedelta(minutes=10) and not told.over
    assert node.told() == []
    node.now += dt.timedelta(minutes=11)
    (told,) = node.told()
    assert told.over and told.client == THIEF
    assert node.told() == []


def test_more_refused_log_ins_are_told_once_a_minute(node: Node) -> None:
    node.guess(12)
    node.told()
    for second in range(1, 61):
        node.now = NOW + dt.timedelta(seconds=second)
        node.guess(3)
        assert len(node.told()) == (second == 60)
    node.guess(1)
    assert node.told() == []


def test_a_block_that_is_lifted_is_over_at_once(node: Node) -> None:
    node.guess(12)
    node.told()
    node.detector.lift(THIEF, ANN, NOW.timestamp())
    node.memory.keep(node.detector, NOW.timestamp())
    (told,) = node.told()
    assert told.over


def test_an_agent_that_starts_anew_tells_all_again(node: Node) -> None:
    node.guess(12)
    node.told()
    node.book = BlockBook(node.home)
    assert [event.client for event in node.told()] == [THIEF]


def test_without_a_guard_there_is_nothing_to_tell(tmp_path: Path) -> None:
    home = Home(tmp_path)
    BlockBook(home).tell(EventSpool(home.event_spool), NOW)
