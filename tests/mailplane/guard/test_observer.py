"""A node that only watches: what goes by is learned, what looks stolen is told, nothing is held."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mailplane.guard.mailboxes import (
    ANN,
    BOT,
    FAR,
    FARTHER,
    FRIENDS,
    HOME,
    LAPTOP,
    NOW,
    settled,
)

from mailstead.mailplane.guard import observer as module
from mailstead.mailplane.guard.acts import Outcome
from mailstead.mailplane.guard.learning import Failed, Gone, line, read
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.observer import Observer
from mailstead.mailplane.guard.profile import DAY, HOUR
from mailstead.mailplane.guard.session import Sighting


class Node:
    """A node with a clock in the test's hand."""

    def __init__(self, path: Path) -> None:
        self.at = NOW
        self.detector = settled()
        self.memory = Memory(path)
        self.observer = Observer(self.detector, self.memory, lambda: self.at)
        self.number = 0

    def send(self, *recipients: str, client: str = HOME, helo: str = LAPTOP) -> None:
        """As Postfix asks: once for each recipient, once for the message."""
        self.number += 1
        for stage in (*recipients, ""):
            sighting = Sighting(
                stage="RCPT" if stage else "DATA", instance=f"i{self.number}", mailbox=ANN,
                credential="1", sender=ANN, recipient=stage, recipients=len(recipients),
                client=client, helo=helo, size=0,
            )  # fmt: skip
            if stage:
                self.observer.recipient(sighting)
            else:
                self.observer.message(sighting)

    def blast(self, count: int = 12, client: str = FAR) -> None:
        """A thief sends."""
        for number in range(count):
            people = [f"v{self.at}{number}{n}@elsewhere.example" for n in range(8)]
            self.send(*people, client=client, helo=BOT)
            self.at += 5


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "profiles.db")


def test_what_the_owner_does_is_no_matter(node: Node) -> None:
    for number in range(5):
        node.send(FRIENDS[number], "stranger@far.example")
        node.at += HOUR
    assert node.memory.suspicions(10) == []


def test_a_thief_is_told_once_a_day_with_what_weighs_most(node: Node) -> None:
    node.blast()
    (told,) = node.memory.suspicions(10)
    assert told.mailbox == ANN and told.at < node.at
    assert {"network-new", "people-new"} <= {signal for signal, _, _ in told.why}
    begun = told.at
    node.at += 2 * HOUR
    node.blast()
    (again,) = node.memory.suspicions(10)
    assert again.at == begun and again.nats >= told.nats
    node.at += 2 * DAY
    node.blast(client=FARTHER)
    assert node.memory.suspicions(10)[0].at > begun + DAY


def test_nothing_is_held_and_nothing_stays_held(node: Node) -> None:
    node.blast()
    assert not node.detector.held(ANN, node.at)


def test_recipients_who_do_not_exist_are_learned_from_the_log(node: Node) -> None:
    for number in range(3):
        node.send(*(f"l{number}{n}@elsewhere.example" for n in range(4)), client=FAR)
    assert node.memory.suspicions(1) == []
    failed = [
        Failed(node.at + number, ANN, f"{number}@elsewhere.example", "bounced")
        for number in range(8)
    ]
    node.at += 60
    node.observer.learn(read(line(failed)))
    (told,) = node.memory.suspicions(1)
    assert "nobody-there" in {signal for signal, _, _ in told.why}


def test_what_the_agent_says_comes_over_whole() -> None:
    told = [Failed(NOW, ANN, "x@y", "unknown"), Gone(ANN)]
    assert read(line(told)) == [
        Outcome(NOW, ANN, "x@y", "unknown"),
        Gone(ANN),
    ]


def test_of_a_mailbox_that_is_gone_nothing_is_kept(node: Node) -> None:
    node.blast()
    node.observer.keep()
    node.observer.learn([Gone(ANN)])
    node.observer.keep()
    assert node.memory.load(ANN) is None and node.memory.suspicions(9) == []


def test_messages_that_never_come_to_their_end_do_not_fill_the_memory(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_UNDER_WAY", 5)
    for number in range(50):
        node.observer.recipient(
            Sighting("RCPT", f"n{number}", ANN, "1", ANN, "a@b.example", 0, HOME, LAPTOP, 0)
        )
    assert len(node.observer._under_way) == 5
