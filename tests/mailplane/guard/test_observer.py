"""A node's guard: what goes by is learned, what looks stolen is told, and held where it may."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mailplane.guard.mailboxes import (
    ANN,
    BOT,
    FAR,
    FARTHER,
    FRIENDS,
    HOME,
    LAPTOP,
    NETWORKS,
    NOW,
    settled,
)

from mailstead.mailplane.directory.guard_words import GuardWords
from mailstead.mailplane.guard import observer as module
from mailstead.mailplane.guard.acts import Complaint, Content, Outcome, SignIn
from mailstead.mailplane.guard.case_store import Case, CaseStore, Kept, Told, Untold, read_untold
from mailstead.mailplane.guard.cases import TELL_EVERY, Cases
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.ladder import Step
from mailstead.mailplane.guard.learning import Complained, Failed, Gone, Leaked, Taken, line, read
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.observer import Observer
from mailstead.mailplane.guard.profile import DAY, HOUR
from mailstead.mailplane.guard.session import Sighting
from mailstead.wire.changes import GuardWordPut
from mailstead.wire.protection import GuardWord


class Words(GuardWords):
    """What people have said, in the test's hand."""

    def __init__(self) -> None:
        self.given: dict[str, GuardWordPut] = {}

    def all(self) -> dict[str, GuardWordPut]:
        return self.given


class Node:
    """A node with a clock in the test's hand."""

    def __init__(self, folder: Path, *, holding: bool = False) -> None:
        self.at = NOW
        self.folder, self.number, self.words = folder, 0, Words()
        self.start(settled(), holding=holding)

    def start(self, detector: Detector, *, holding: bool) -> None:
        """What a start of the guard makes of its files."""
        self.detector = detector
        self.detector.enforcing = holding
        self.memory = Memory(self.folder / "profiles.db")
        self.memory.fill(self.detector)
        self.store = CaseStore(self.folder / "cases.db")
        cases = Cases(self.detector, self.store)
        self.observer = Observer(self.detector, self.memory, cases, lambda: self.at, self.words)

    def killed(self, *, holding: bool = True) -> None:
        """Start anew with nothing but what is on the disk."""
        self.memory.close()
        self.store.close()
        self.start(Detector(NETWORKS), holding=holding)

    def say(self, word: GuardWord) -> None:
        """A person has decided."""
        self.at += 1
        at = dt.datetime.fromtimestamp(self.at, dt.UTC)
        self.words.given[ANN] = GuardWordPut(mailbox=ANN, word=word, at=at)
        self.observer.keep()

    @property
    def case(self) -> Case:
        """The one there is."""
        found = self.store.case(ANN)
        assert found is not None
        return found

    def untold(self) -> list[Untold]:
        return [read_untold(raw) for _, raw in self.store.untold(1000)]

    def send(self, *recipients: str, client: str = HOME, helo: str = LAPTOP) -> Step:
        """As Postfix asks: once for each recipient, once for the message."""
        self.number += 1
        step: Step = "normal"
        for stage in (*recipients, ""):
            sighting = Sighting(
                stage="RCPT" if stage else "DATA", instance=f"i{self.number}", mailbox=ANN,
                credential="1", sender=ANN, recipient=stage, recipients=len(recipients),
                client=client, helo=helo, size=0, queue=f"4jQueue{self.number:06}",
            )  # fmt: skip
            if stage:
                self.observer.recipient(sighting)
            else:
                step = self.observer.message(sighting)
        return step

    def blast(self, count: int = 12, client: str = FAR, people: int = 8) -> list[Step]:
        """A thief sends, each message to so many."""
        steps = []
        for number in range(count):
            victims = [f"v{self.at}{number}{n}@elsewhere.example" for n in range(people)]
            steps.append(self.send(*victims, client=client, helo=BOT))
            self.at += 5
        return steps


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@pytest.fixture
def holder(tmp_path: Path) -> Node:
    return Node(tmp_path, holding=True)


def test_what_the_owner_does_is_no_matter(node: Node) -> None:
    for number in range(5):
        node.send(FRIENDS[number], "stranger@far.example")
        node.at += HOUR
    assert node.store.cases() == []


def test_a_thief_is_told_once_a_day_with_what_weighs_most(node: Node) -> None:
    node.blast()
    (told,) = node.store.cases()
    assert told.mailbox == ANN and told.opened < node.at and told.step == "watched"
    assert {"network-new", "people-new"} <= {clue.signal for clue in told.clues}
    begun = told.opened
    node.at += 2 * HOUR
    node.blast()
    (again,) = node.store.cases()
    assert again.opened == begun and again.nats >= told.nats
    node.at += 2 * DAY
    node.blast(client=FARTHER)
    assert node.case.opened > begun + DAY


def test_nothing_is_held_and_nothing_stays_held(node: Node) -> None:
    assert set(node.blast()) == {"normal"}
    assert not node.detector.held(ANN, node.at)


def test_recipients_who_do_not_exist_are_learned_from_the_log(node: Node) -> None:
    for number in range(3):
        node.send(*(f"l{number}{n}@elsewhere.example" for n in range(4)), client=FAR)
    assert node.store.cases() == []
    failed = [
        Failed(node.at + number, ANN, f"{number}@elsewhere.example", "bounced")
        for number in range(8)
    ]
    node.at += 60
    node.observer.learn(read(line(failed)))
    (told,) = node.store.cases()
    assert "nobody-there" in {clue.signal for clue in told.clues}


def test_what_is_in_the_mail_may_be_the_last_thing_that_was_missing(node: Node) -> None:
    for number in range(3):
        node.send(*(f"l{number}{n}@elsewhere.example" for n in range(4)), client=FAR)
    assert node.store.cases() == []
    spam = Content(node.at + 1, ANN, "4cQ1", ANN, 0, 77, 20.0, True, why="BAYES_SPAM")
    node.observer.learn([spam])
    (told,) = node.store.cases()
    assert "20.0 BAYES_SPAM" in {clue.facts for clue in told.clues}


def test_a_complaint_weighs(node: Node) -> None:
    node.observer.learn(read(line([Complained(node.at, ANN)])))
    (found,) = (one for one in node.detector.why(ANN, node.at) if one.signal == "complaint")
    assert found.nats > 1


def test_what_the_agent_says_comes_over_whole() -> None:
    told = [
        Leaked(NOW, ANN, "imap", HOME),
        Failed(NOW, ANN, "x@y", "unknown"),
        Complained(NOW, ANN),
        Gone(ANN),
    ]
    assert read(line(told)) == [
        SignIn(NOW, ANN, "imap", HOME, breached=True),
        Outcome(NOW, ANN, "x@y", "unknown"),
        Complaint(NOW, ANN),
        Gone(ANN),
    ]


def test_of_a_mailbox_that_is_gone_nothing_is_kept(node: Node) -> None:
    node.blast()
    node.observer.keep()
    node.observer.learn([Gone(ANN)])
    node.observer.keep()
    assert node.memory.load(ANN) is None and node.store.cases() == []


def test_messages_that_never_come_to_their_end_do_not_fill_the_memory(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_UNDER_WAY", 5)
    for number in range(50):
        node.observer.recipient(
            Sighting("RCPT", f"n{number}", ANN, "1", ANN, "a@b.example", 0, HOME, LAPTOP, 0)
        )
    assert len(node.observer._under_way) == 5


def test_a_thief_is_held_and_what_went_before_is_asked_back(holder: Node) -> None:
    steps = holder.blast(people=1)
    first = steps.index("hold")
    assert first <= 6
    assert set(steps[:first]) <= {"normal", "slow"} and set(steps[first:]) <= {"hold", "suspended"}
    told, *kept = holder.untold()
    assert isinstance(told, Told) and told.seen.step == "hold" and told.seen.mailbox == ANN
    went = [number for number, step in enumerate(steps[:first], start=1) if step == "normal"]
    assert went
    assert told.pull == tuple(f"4jQueue{number:06}" for number in went)
    assert (told.seen.messages, told.seen.recipients) == (len(went), len(went))
    (client,) = told.seen.clients
    assert (client.client, client.country, client.usual) == (FAR, "VN", False)
    held = [number for number, step in enumerate(steps, start=1) if step == "hold"]
    queues = [one.queue for one in kept if isinstance(one, Kept)]
    assert queues == [f"4jQueue{number:06}" for number in held]


def test_the_owner_of_a_held_mailbox_is_held_too_until_a_word_is_said(holder: Node) -> None:
    assert holder.blast(1) == ["hold"]
    assert holder.send(FRIENDS[0]) == "hold"
    holder.say("released")
    assert holder.send(FRIENDS[1]) == "normal"
    assert holder.case.step == "released"
    last = [one for one in holder.untold() if isinstance(one, Told)][-1]
    assert last.seen.step == "released" and last.pull == ()


def test_a_confirmed_one_sends_nothing_until_it_is_released(holder: Node) -> None:
    holder.blast(4)
    holder.say("confirmed")
    assert holder.send(FRIENDS[0]) == "suspended"
    holder.at += 30 * DAY
    assert holder.send(FRIENDS[0]) == "suspended"
    holder.say("released")
    assert holder.send(FRIENDS[0]) == "normal"


def test_an_operator_may_stop_a_mailbox_that_nothing_speaks_against(holder: Node) -> None:
    holder.say("confirmed")
    assert holder.send(FRIENDS[0]) == "suspended"
    assert holder.case.step == "suspended"


def test_a_word_is_done_once_and_not_again_after_a_restart(holder: Node) -> None:
    holder.blast(4)
    holder.say("released")
    holder.observer.keep()
    holder.at += 8 * DAY
    holder.blast(8, client=FARTHER)
    assert holder.case.step in ("hold", "suspended")
    holder.observer.keep()
    holder.killed()
    holder.observer.keep()
    assert holder.send(FRIENDS[0]) in ("hold", "suspended")


def test_a_kill_in_the_second_of_the_decision_forgets_no_case(holder: Node) -> None:
    holder.observer.keep()
    steps = holder.blast(6)
    assert "hold" in steps
    # Nothing of the last second was written behind; what was held stands on the disk.
    holder.killed()
    assert holder.send("somebody@far.example", client=FAR, helo=BOT) == steps[-1]
    queues = {one.queue for one in holder.untold() if isinstance(one, Kept)}
    assert len(queues) == steps.count("hold") + (steps[-1] == "hold")


def test_what_is_asked_again_is_answered_the_same(holder: Node) -> None:
    assert holder.blast(1) == ["hold"]
    held = holder.case.held
    sighting = Sighting(
        "DATA", f"i{holder.number}", ANN, "1", ANN, "", 8, FAR, BOT, 0, f"4jQueue{holder.number:06}"
    )
    assert holder.observer.message(sighting) == "hold"
    assert holder.case.held == held
    # A guard that was started in between does not know the recipients, but the mailbox.
    holder.observer.keep()
    holder.killed()
    assert holder.observer.message(sighting) == "hold"


def test_a_case_that_grows_is_told_again_but_not_all_the_time(holder: Node) -> None:
    assert holder.blast(1) == ["hold"]
    before = sum(isinstance(one, Told) for one in holder.untold())
    for _ in range(3):
        assert holder.send(FRIENDS[0]) == "hold"
        holder.observer.keep()
    assert sum(isinstance(one, Told) for one in holder.untold()) == before
    holder.at += TELL_EVERY
    holder.observer.keep()
    told = [one for one in holder.untold() if isinstance(one, Told)]
    assert len(told) == before + 1 and told[-1].seen.held == holder.case.held


def test_what_the_agent_has_taken_is_told_no_more(holder: Node) -> None:
    holder.blast(4)
    numbers = tuple(number for number, _ in holder.store.untold(1000))
    holder.observer.learn(read(line([Taken(numbers)])))
    assert holder.untold() == []


def test_what_was_taken_back_has_not_gone(holder: Node) -> None:
    holder.blast(people=1)
    ((number, raw), *_) = holder.store.untold(1)
    told = read_untold(raw)
    assert isinstance(told, Told) and told.pull
    held = holder.case.held
    holder.observer.learn(read(line([Taken((number,), told.pull)])))
    holder.at += TELL_EVERY
    holder.observer.keep()
    last = [one for one in holder.untold() if isinstance(one, Told)][-1]
    assert (last.seen.messages, last.seen.recipients) == (0, 0)
    assert last.seen.held == held + len(told.pull)


def test_a_case_that_is_open_is_never_pruned(holder: Node) -> None:
    holder.blast(4)
    holder.at += 1000 * DAY
    holder.observer.prune()
    assert holder.case.is_open


def test_what_cannot_be_written_down_is_not_held(holder: Node) -> None:
    holder.store._db.execute("DROP TABLE untold")
    with pytest.raises(sqlite3.Error):
        holder.blast()


WORDS = st.sampled_from(["released", "confirmed", "blast", "own", "kill", "later"])


@settings(max_examples=40)
@given(st.lists(WORDS, max_size=12))
def test_whatever_has_happened_a_release_is_possible(
    tmp_path_factory: pytest.TempPathFactory, happenings: list[str]
) -> None:
    node = Node(tmp_path_factory.mktemp("n"), holding=True)
    for one in happenings:
        node.at += 60
        if one == "blast":
            node.blast(5)
        elif one == "own":
            node.send(FRIENDS[0])
        elif one == "kill":
            node.observer.keep()
            node.killed()
        elif one == "later":
            node.at += DAY
        else:
            node.say(one)  # type: ignore[arg-type]
    node.say("released")
    assert node.send(FRIENDS[0]) == "normal"
    # And each message that was ever held was told.
    kept = {one.queue for one in node.untold() if isinstance(one, Kept)}
    cases = [one.seen for one in node.untold() if isinstance(one, Told)]
    assert all(seen.held <= len(kept) for seen in cases)
