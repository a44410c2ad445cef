"""What cannot be told holds up nothing behind it, and is said once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailstead.home import Home
from mailstead.mailplane.engines.postfix import queue
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.guard.case_store import Case, CaseStore, Kept, Told
from mailstead.mailplane.node import kept_mail
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.kept_mail import AGAIN, NEVER_CAME, KeptMail
from mailstead.wire.events import CaseSeen

NOW = 1_790_000_000.0
ANN = "ann@cars.example"


class Desk:
    """The guard's file and the agent's part, with a queue that is broken for some messages."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.taken: list[int] = []
        self.store = CaseStore(self.home.guard_cases)
        self.spool = EventSpool(self.home.event_spool)
        self.mail = KeptMail(self.home, lambda numbers, _: self.taken.extend(numbers))
        self.broken: set[str] = set()

    def letter(self, home: Home, number: str) -> queue.Letter | None:
        if number in self.broken:
            raise EngineError("postcat: cannot read it")
        return None

    def keep(self, number: str) -> None:
        case = Case("c1", ANN, NOW, "hold", 9.5)
        self.store.put(case, [Kept("c1", ANN, number, NOW - NEVER_CAME - 1, "192.0.2.9")])

    def tell(self, number: str) -> None:
        at = dt.datetime.fromtimestamp(NOW, dt.UTC)
        counts = {"messages": 0, "recipients": 0, "held": 0}
        seen = CaseSeen(id=number, at=at, case=number, mailbox=ANN, step="hold", opened=at,
                        nats=9.5, bound=9.2, clues=(), clients=(), **counts)  # fmt: skip
        self.store.put(Case(number, ANN, NOW, "hold", 9.5), [Told(seen, ())])

    def events(self) -> list[str]:
        number, events = self.spool.waiting()
        self.spool.done(number, events)
        return [one.id for one in events]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path)
    monkeypatch.setattr(kept_mail.queue, "letter", made.letter)
    with closing(made.store), closing(made.spool):
        yield made


def test_what_always_fails_does_not_hold_up_the_others(desk: Desk) -> None:
    desk.broken.add("4jBroken0001")
    desk.keep("4jBroken0001")
    desk.tell("second")
    with capture_logs() as logs:
        for second in range(3):
            desk.mail.once(desk.spool, NOW + second)
        desk.mail.once(desk.spool, NOW + AGAIN + 1)
    assert desk.events() == ["second"]
    assert [one["event"] for one in logs] == ["cannot tell of kept mail"], "said once"
    assert "postcat" in logs[0]["words"]


def test_it_is_tried_again_and_said_when_it_went(desk: Desk) -> None:
    desk.broken.add("4jBroken0001")
    desk.keep("4jBroken0001")
    assert desk.mail.once(desk.spool, NOW) == 0
    desk.broken.clear()
    assert desk.mail.once(desk.spool, NOW + 1) == 0, "not each second"
    with capture_logs() as logs:
        assert desk.mail.once(desk.spool, NOW + AGAIN) == 1
    assert [one["event"] for one in logs] == ["told of kept mail after all"]
    assert len(desk.taken) == 1


def test_however_many_are_stuck_the_newest_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_mail, "AT_ONCE", 4)
    for number in range(10):
        desk.broken.add(f"4jBroken{number:04}")
        desk.keep(f"4jBroken{number:04}")
    desk.tell("last")
    for second in range(4):
        desk.mail.once(desk.spool, NOW + second)
    assert desk.events() == ["last"]


def test_an_entry_that_nobody_understands_is_passed_by(desk: Desk) -> None:
    desk.store._db.execute("INSERT INTO untold (raw) VALUES (?)", (b"\xff nonsense",))
    desk.tell("second")
    assert desk.mail.once(desk.spool, NOW) == 1
    assert desk.events() == ["second"]
