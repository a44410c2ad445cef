"""The agent's desk of returns: what is wanted runs, is told, and leaves nothing when it is over."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.mailplane.engines.harness import until
from tests.mailplane.node.bringback.returning import HOSTNAME, Sink, delivery, old_server
from tests.mailplane.node.copies.stores import Maildir

from mailstead.home import Home
from mailstead.mailplane.directory.schema import connect
from mailstead.mailplane.directory.state import State
from mailstead.mailplane.node.bringback.book import BringBackBook
from mailstead.mailplane.node.bringback.desk import BringBackDesk, book_path
from mailstead.mailplane.node.bringback.keep import path_of
from mailstead.wire.changes import BringBackPut
from mailstead.wire.events import AnyEvent, BringBackSeen

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


class Desk:
    """The desk of a node without engines, looked after by the test."""

    def __init__(self, home: Home) -> None:
        for path in (home.mail, home.log, home.moves / "returns"):
            path.mkdir(parents=True)
        home.settings_file.write_text(f'hostname = "{HOSTNAME}"\n')
        self.home = home
        self._db = connect(home.directory_database)
        self._db.execute("UPDATE meta SET value = 1 WHERE name = 'revision'")
        self.state = State(self._db)
        self.book = BringBackBook(book_path(home))
        self.events: list[BringBackSeen] = []
        self.most = 0
        self.start()

    def start(self) -> None:
        self.desk = BringBackDesk(self.home)

    def mailbox(self, local: str, arrived: int) -> Maildir:
        made = Maildir(self.home.mail / "here.example" / local / "Maildir")
        for number in range(arrived):
            text = delivery(f"{local}@here.example", number, NOON + dt.timedelta(hours=1))
            name = f"{int(NOON.timestamp()) + 3600}.M{number}P1.node,S={len(text)}"
            (made.root / "new" / name).write_bytes(text)
        return made

    def put(self, job: int, local: str, sink: Sink, number: int = 1) -> BringBackPut:
        made = BringBackPut(
            job=job, address=f"{local}@here.example", host="127.0.0.1", port=sink.port,
            since=NOON, round=number,
        )  # fmt: skip
        self.state.put(made)
        return made

    def look(self) -> None:
        events: list[AnyEvent] = self.desk.once(self.book, time.monotonic())
        self.events += [one for one in events if isinstance(one, BringBackSeen)]
        self.desk.told(self.book)
        self.most = max(self.most, len(self.desk._running))

    def until(self, found: Callable[[], object], what: str) -> None:
        def there() -> bool:
            self.look()
            return bool(found())

        until(there, what, 40)

    def last(self, job: int) -> BringBackSeen:
        return [one for one in self.events if one.job == job][-1]

    def states(self, job: int) -> list[str]:
        made: list[str] = []
        for one in self.events:
            if one.job == job and one.state not in made[-1:]:
                made.append(one.state)
        return made

    def close(self) -> None:
        self.desk.close()
        self.book.close()
        self._db.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(Home(tmp_path / "home"))
    with contextlib.closing(made):
        yield made


@pytest.fixture
def sink() -> Iterator[Sink]:
    with old_server() as made:
        yield made


def test_each_mailbox_is_brought_back_and_told_once(desk: Desk, sink: Sink) -> None:
    for job in (1, 2, 3):
        desk.mailbox(f"u{job}", job)
        desk.put(job, f"u{job}", sink)
    desk.until(lambda: all(desk.states(job)[-1:] == ["done"] for job in (1, 2, 3)), "all are done")
    assert desk.most == 2
    assert [desk.last(job).returned for job in (1, 2, 3)] == [1, 2, 3]
    assert len(sink.taken) == 6
    # Done is done, also after a restart; and it is not told again.
    desk.desk.close()
    desk.start()
    desk.events.clear()
    for _ in range(3):
        desk.look()
    assert not desk.events
    # The last look.
    desk.put(1, "u1", sink, number=2)
    desk.until(lambda: desk.events and desk.last(1).state == "done", "it has looked")
    assert (desk.last(1).round, desk.last(1).arrived, len(sink.taken)) == (2, 1, 6)


def test_an_agent_that_was_killed_finds_its_returns_again(desk: Desk, sink: Sink) -> None:
    sink.pause = 0.05
    desk.mailbox("ann", 40)
    desk.put(1, "ann", sink)
    desk.until(lambda: len(sink.taken) > 3, "it is under way")
    (one,) = desk.desk._running.values()
    # What a killed agent leaves: its processes see the end of their input, nobody waits for them.
    assert one.process.stdin
    one.process.stdin.close()
    desk.start()
    desk.until(lambda: desk.states(1)[-1:] == ["done"], "it is done")
    one.process.wait(20)
    assert len(sink.taken) == len({one.text for one in sink.taken}) == 40
    assert (desk.last(1).returned, desk.last(1).failed) == (40, 0)


def test_what_is_not_wanted_any_more_leaves_nothing(desk: Desk, sink: Sink) -> None:
    desk.mailbox("ann", 2)
    sink.answer = b"550 5.7.1 no"
    desk.put(1, "ann", sink)
    desk.until(lambda: desk.states(1)[-1:] == ["done"], "it is done")
    assert desk.last(1).kept == 2 and desk.last(1).kept_octets > 0
    assert path_of(desk.home, 1).stat().st_mode & 0o777 == 0o600
    desk.state.remove("bring-back", "1")
    desk.until(lambda: not desk.book.jobs(), "it is forgotten")
    assert not path_of(desk.home, 1).exists()
    assert not list(desk.home.event_spool.parent.glob("return-*"))


def test_an_old_server_that_is_away_is_told(desk: Desk) -> None:
    with old_server() as gone:
        pass
    desk.mailbox("ann", 1)
    made = desk.put(1, "ann", gone)
    desk.until(lambda: desk.states(1)[-1:] == ["failed"], "it fails")
    assert "cannot be reached" in desk.last(1).words and desk.last(1).arrived == 1
    with old_server() as sink:
        desk.state.put(msgspec.structs.replace(made, round=2, port=sink.port))
        desk.until(lambda: desk.last(1).state == "done", "it is done")
        assert len(sink.taken) == 1
