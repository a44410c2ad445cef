"""The agent's desk of copies: what is wanted runs, within the bounds, and what is done is told."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import until
from tests.mailplane.node.copies.stores import Maildir, everything

from mailstead.home import Home
from mailstead.mailplane.directory.schema import connect
from mailstead.mailplane.directory.state import State
from mailstead.mailplane.node.away import Away
from mailstead.mailplane.node.copies.book import Book, book_path
from mailstead.mailplane.node.copies.desk import CopyDesk
from mailstead.mailplane.node.copies.runner import KEPT
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import CopyPacePut, CopyPut, MailboxPut
from mailstead.wire.events import AnyEvent, CopySeen
from mailstead.wire.moves import AnySource, FilesSource, ImapSource


class Desk:
    """The desk of a node without engines, looked after by the test."""

    def __init__(self, home: Home) -> None:
        home.mail.mkdir(parents=True)
        home.log.mkdir()
        self.home = home
        self._db = connect(home.directory_database)
        self._db.execute("UPDATE meta SET value = 1 WHERE name = 'revision'")
        self.state = State(self._db)
        self.book = Book(book_path(home))
        self.events: list[AnyEvent] = []
        self.most = 0
        self.start()

    def start(self, source: Callable[[int], AnySource] | None = None) -> None:
        self.desk = CopyDesk(self.home, source=source)

    def mailbox(self, address: str) -> Path:
        self.state.put(
            MailboxPut(
                address=address, store=address, secret="", credential=1, quota=0,
                login=True, sending=True, receiving=True, pool_full=False,
            )
        )  # fmt: skip
        local, _, domain = address.partition("@")
        return self.home.mail / domain / local / "Maildir"

    def look(self) -> None:
        self.events += self.desk.once(self.book, time.monotonic())
        self.desk.told(self.book)
        self.most = max(self.most, len(self.desk._running))

    def until(self, found: Callable[[], object], what: str) -> None:
        def there() -> bool:
            self.look()
            return bool(found())

        until(there, what, 40)

    def states(self, job: int) -> list[str]:
        made: list[str] = []
        for event in self.events:
            if isinstance(event, CopySeen) and event.job == job and event.state not in made[-1:]:
                made.append(event.state)
        return made

    def last(self, job: int) -> CopySeen:
        return [one for one in self.events if isinstance(one, CopySeen) and one.job == job][-1]

    def close(self) -> None:
        self.desk.close()
        self.book.close()
        self._db.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(Home(tmp_path / "home"))
    with contextlib.closing(made):
        yield made


def store(root: Path, count: int, octets: int = 1000) -> FilesSource:
    made = Maildir(root)
    made.list(
        [(n, "", made.put(n, text=b"Subject: x\n\n" + b"x" * octets)) for n in range(count)][1:]
    )
    return FilesSource(path=str(root), names="ambiguous")


def test_copies_run_at_most_so_many_at_once_and_are_told(desk: Desk, tmp_path: Path) -> None:
    desk.state.put(CopyPacePut(at_once=2))
    for job in range(1, 6):
        desk.mailbox(f"u{job}@a.example")
        desk.state.put(
            CopyPut(
                job=job, address=f"u{job}@a.example", source=store(tmp_path / str(job), 20), round=1
            )
        )
    desk.until(
        lambda: all(desk.states(job)[-1:] == ["done"] for job in range(1, 6)), "all are done"
    )
    assert desk.most == 2
    assert desk.states(5) == ["waiting", "copying", "done"]
    assert desk.last(5).messages == desk.last(5).messages_all == 20
    # Done is done, also after a restart; and it is not told again.
    desk.desk.close()
    desk.start()
    desk.events.clear()
    for _ in range(3):
        desk.look()
    assert not desk.events and desk.most == 2


def test_what_mail_waits_for_goes_first_and_beside_the_others(desk: Desk, tmp_path: Path) -> None:
    desk.state.put(CopyPacePut(at_once=1))

    def want(job: int, *, urgent: bool) -> None:
        address = f"u{job}@a.example"
        desk.mailbox(address)
        source = store(tmp_path / str(job), 60, octets=10_000)
        rate = 0 if urgent else 100_000
        desk.state.put(
            CopyPut(
                job=job, address=address, source=source, round=1, octets_per_second=rate,
                urgent=urgent,
            )
        )  # fmt: skip

    want(1, urgent=False)
    want(2, urgent=False)
    desk.until(lambda: desk.states(1)[-1:] == ["copying"], "the first is under way")
    for job in (3, 4, 5):
        want(job, urgent=True)
    desk.look()
    assert sorted(desk.desk._running) == [1, 3, 4, 5]
    desk.until(lambda: all(desk.states(job)[-1:] == ["done"] for job in (3, 4, 5)), "they are done")
    # What was under way goes on, and what waited for its turn waits for it.
    assert desk.states(1) == ["copying"] and desk.states(2) == ["waiting"]


def test_a_copy_can_be_paused_and_goes_on_within_its_bound(desk: Desk, tmp_path: Path) -> None:
    target = desk.mailbox("ann@a.example")
    source = store(tmp_path / "old", 60, octets=10_000)
    put = CopyPut(job=1, address="ann@a.example", source=source, round=1, octets_per_second=150_000)
    desk.state.put(put)
    started = time.monotonic()
    side = desk.home.mail / ".copies/1/Maildir/cur"
    desk.until(lambda: side.exists() and len(list(side.iterdir())) > 15, "it is under way")
    desk.state.put(CopyPut(job=1, address="ann@a.example", source=source, round=1, paused=True))
    desk.until(lambda: desk.states(1)[-1:] == ["paused"] and not desk.desk._running, "it pauses")
    before = len(list(side.iterdir()))
    assert 15 < before < 60
    desk.look()
    assert len(list(side.iterdir())) == before and not target.exists()
    desk.state.put(put)
    desk.until(lambda: desk.states(1)[-1:] == ["done"], "it is done")
    assert len(everything(target)[""]) == 60
    # 600 kB; a second's worth may go at once at each start.
    assert time.monotonic() - started > 600_000 / 150_000 - 2.5


def test_an_agent_that_was_killed_finds_its_copies_again(desk: Desk, tmp_path: Path) -> None:
    target = desk.mailbox("ann@a.example")
    source = store(tmp_path / "old", 60, octets=10_000)
    put = CopyPut(job=1, address="ann@a.example", source=source, round=1, octets_per_second=200_000)
    desk.state.put(put)
    side = desk.home.mail / ".copies/1/Maildir/cur"
    desk.until(lambda: side.exists() and len(list(side.iterdir())) > 10, "it is under way")
    # What a killed agent leaves: its copies see the end of their input, nobody waits for them.
    (one,) = desk.desk._running.values()
    assert one.runner.process.stdin
    one.runner.process.stdin.close()
    desk.start()
    desk.until(lambda: desk.states(1)[-1:] == ["done"], "it is done")
    one.runner.gone(20)
    assert len(everything(target)[""]) == 60


def test_what_cannot_be_copied_is_told_once_until_the_next_round(
    desk: Desk, tmp_path: Path
) -> None:
    source = FilesSource(path=str(tmp_path / "nothing"))
    desk.state.put(CopyPut(job=1, address="ann@a.example", source=source, round=1))
    desk.until(lambda: desk.states(1)[-1:] == ["failed"], "it fails")
    assert desk.last(1).words == "There is no mailbox ann@a.example on this node."
    desk.mailbox("ann@a.example")
    desk.state.put(CopyPut(job=1, address="ann@a.example", source=source, round=2))
    desk.until(lambda: desk.last(1).round == 2 and desk.last(1).state == "failed", "it fails again")
    assert "No such file" in desk.last(1).words


def test_what_is_not_wanted_any_more_stops_and_leaves_nothing_beside(
    desk: Desk, tmp_path: Path
) -> None:
    target = desk.mailbox("ann@a.example")
    desk.state.put(
        CopyPut(job=1, address="ann@a.example", source=store(tmp_path / "old", 9), round=1)
    )
    desk.until(lambda: desk.states(1)[-1:] == ["done"], "it is done")
    desk.state.remove("copy", "1")
    desk.until(lambda: not desk.book.jobs(), "it is forgotten")
    assert not list((desk.home.mail / ".copies").iterdir())
    assert len(everything(target)[""]) == 9
    assert not (target / "mailstead-copy").exists()


def test_a_lower_bound_stops_what_is_too_much_and_it_goes_on_later(
    desk: Desk, tmp_path: Path
) -> None:
    desk.state.put(CopyPacePut(at_once=3))
    for job in range(1, 4):
        desk.mailbox(f"u{job}@a.example")
        source = store(tmp_path / str(job), 60, octets=10_000)
        desk.state.put(
            CopyPut(
                job=job, address=f"u{job}@a.example", source=source, round=1,
                octets_per_second=150_000,
            )
        )  # fmt: skip
    desk.until(lambda: len(desk.desk._running) == 3, "three are under way")
    desk.state.put(CopyPacePut(at_once=1))
    desk.until(lambda: list(desk.desk._running) == [1], "the oldest alone goes on")
    assert desk.states(3)[-1] in ("waiting", "paused")
    desk.state.put(CopyPacePut(at_once=3, octets_per_second=3_000_000))
    for job in range(1, 4):
        desk.until(lambda job=job: desk.states(job)[-1:] == ["done"], f"{job} is done")


def test_a_bound_for_all_holds_for_all_together(desk: Desk, tmp_path: Path) -> None:
    desk.state.put(CopyPacePut(at_once=2, octets_per_second=300_000))
    started = time.monotonic()
    for job in (1, 2):
        desk.mailbox(f"u{job}@a.example")
        source = store(tmp_path / str(job), 60, octets=10_000)
        desk.state.put(CopyPut(job=job, address=f"u{job}@a.example", source=source, round=1))
    for job in (1, 2):
        desk.until(lambda job=job: desk.states(job)[-1:] == ["done"], f"{job} is done")
    # 1.2 MB; a second's worth of each may go at once at its start.
    assert time.monotonic() - started > 1_200_000 / 300_000 - 2.5


SECRET = "nobody's business"


def test_a_password_is_asked_for_and_kept_nowhere(desk: Desk, tmp_path: Path) -> None:
    address = "ann@a.example"
    desk.mailbox(address)
    told = ImapSource(host="127.0.0.1", port=1, tls="none", user=address)
    asked: list[int] = []

    def source(job: int) -> AnySource:
        asked.append(job)
        if len(asked) == 1:
            raise Away("it does not run")
        if len(asked) == 3:
            raise Refusal("copy-unknown", "This copy is not wanted any more.")
        return ImapSource(host="127.0.0.1", port=1, tls="none", user=address, password=SECRET)

    desk.desk.close()
    desk.start(source)
    desk.state.put(CopyPut(job=7, address=address, source=told, round=1))
    desk.look()
    # The control plane is away: nothing begins, and nothing fails.
    assert asked == [7] and desk.states(7) == ["waiting"] and not desk.desk._running
    desk.look()
    assert asked == [7]
    desk.desk._sources.ask_after = 0.0
    desk.look()
    assert asked == [7, 7] and list(desk.desk._running) == [7]
    held = desk.home.event_spool.parent, desk.home.directory, desk.home.mail
    for root in held:
        for path in root.rglob("*"):
            assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    desk.desk.close()
    desk.state.put(CopyPut(job=7, address=address, source=told, round=2))
    desk.until(lambda: desk.states(7)[-1:] == ["failed"], "it is refused")
    assert desk.last(7).words == "This copy is not wanted any more."


def test_one_process_does_many_rounds_and_goes_when_there_are_none(
    desk: Desk, tmp_path: Path
) -> None:
    desk.state.put(CopyPacePut(at_once=1))
    for job in range(1, 4):
        desk.mailbox(f"u{job}@a.example")
        source = store(tmp_path / str(job), 5)
        desk.state.put(CopyPut(job=job, address=f"u{job}@a.example", source=source, round=1))
    desk.until(lambda: all(desk.states(job)[-1:] == ["done"] for job in (1, 2, 3)), "all are done")
    (one,) = desk.desk._idle
    assert one.begun == 3 and one.process.poll() is None
    # One that dies has no copy with it, and is not asked again.
    one.kill()
    one.process.wait(20)
    source = store(tmp_path / "more", 5)
    desk.mailbox("u4@a.example")
    desk.state.put(CopyPut(job=4, address="u4@a.example", source=source, round=1))
    desk.until(lambda: desk.states(4)[-1:] == ["done"], "the fourth is done")
    (other,) = desk.desk._idle
    assert other is not one
    desk.desk.once(desk.book, time.monotonic() + KEPT + 1)
    assert not desk.desk._idle and other.process.poll() is not None


def test_a_copy_that_dies_is_told_and_only_that_one(desk: Desk, tmp_path: Path) -> None:
    for job in (1, 2):
        desk.mailbox(f"u{job}@a.example")
        source = store(tmp_path / str(job), 60, octets=10_000)
        desk.state.put(
            CopyPut(
                job=job, address=f"u{job}@a.example", source=source, round=1,
                octets_per_second=200_000,
            )
        )  # fmt: skip
    side = desk.home.mail / ".copies/1/Maildir/cur"
    desk.until(lambda: side.exists() and list(side.iterdir()), "it is under way")
    desk.desk._running[1].runner.kill()
    desk.until(lambda: desk.states(1)[-1:] == ["failed"], "the first has failed")
    assert "ended by itself (-9)" in desk.last(1).words
    desk.until(lambda: desk.states(2)[-1:] == ["done"], "the second is done")
