"""What arrived here goes to the old server by SMTP, each message once, as it came."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailplane.node.bringback.returning import Returning, Sink, delivery, old_server
from tests.mailplane.node.copies.stores import Copying, Maildir, message

from mailstead.home import Home
from mailstead.wire.moves import FilesSource

ADDRESS = "ann@here.example"
SINCE = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
AFTER = SINCE + dt.timedelta(hours=1)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with old_server() as made:
        yield made


class Box(Maildir):
    """The mailbox here."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._number = 0

    def save(self, text: bytes, directory: str = "", at: dt.datetime = AFTER) -> Path:
        """A file of a name that Dovecot would give it then."""
        self._number += 1
        seconds = int(at.timestamp())
        name = f"{seconds}.M{self._number}P1.node,S={len(text)}:2,S"
        path = self.folder(directory) / "cur" / name
        path.write_bytes(text)
        os.utime(path, (seconds, seconds))
        return path

    def arrive(self, number: int, directory: str = "", at: dt.datetime = AFTER) -> Path:
        return self.save(delivery(ADDRESS, number, at), directory, at)


@pytest.fixture
def moved(tmp_path: Path) -> tuple[Home, FilesSource, Box]:
    """A mailbox that was copied: five messages that the old server has."""
    home = Home(tmp_path / "home")
    old = Maildir(tmp_path / "old")
    old.list([(n, "", old.put(n)) for n in range(1, 6)])
    source = FilesSource(path=str(old.root), names="ambiguous")
    copying = Copying(home, ADDRESS, source, job=7)
    copying.run()
    copying.book.close()
    return home, source, Box(copying.maildir)


def returning(moved: tuple[Home, FilesSource, Box], sink: Sink) -> Returning:
    home, source, _ = moved
    return Returning(home, ADDRESS, sink.port, since=SINCE, sources=((7, source),))


def subjects(sink: Sink) -> list[str]:
    found = [one.text.split(b"Subject: ")[1].split(b"\r\n")[0].decode() for one in sink.taken]
    return sorted(found)


def test_each_message_that_arrived_is_there_once_as_it_came(
    moved: tuple[Home, FilesSource, Box], sink: Sink
) -> None:
    _, _, box = moved
    box.arrive(1)
    box.arrive(2, ".Junk")
    sent = b"From: ann@here.example\nSubject: sent\n\nFrom me\n"
    box.save(sent, ".Sent")
    # One of the source's was moved here: another name, the same text.
    (one,) = box.root.glob("cur/*M3P1.old*")
    box.save(one.read_bytes(), ".Bills")
    one.unlink()
    # Copied by the user into another folder: still one message.
    box.arrive(1, ".Bills")
    # Here before the move.
    box.arrive(3, at=SINCE - dt.timedelta(days=9))
    back = returning(moved, sink)
    done = back.run()
    assert not done.later and done.words == ""
    assert subjects(sink) == ["number 1", "number 2"]
    first = next(one for one in sink.taken if b"number 1" in one.text)
    assert (first.sender, first.recipient) == ("far@away.example", ADDRESS)
    head, _, rest = delivery(ADDRESS, 1, AFTER).partition(b"Received:")
    assert head and first.text == (b"Received:" + rest).replace(b"\n", b"\r\n")
    assert (back.counts.arrived, back.counts.saved, back.counts.returned) == (2, 1, 2)
    # What only a client had saved is kept for its owner.
    assert list(back.kept()) == ["Sent.mbox"] and done.kept == 1
    assert b"\n>From me\n" in back.kept()["Sent.mbox"]
    back.run()
    assert len(sink.taken) == 2
    # The last look finds what came while the change was made.
    box.arrive(4, at=AFTER + dt.timedelta(minutes=5))
    back.run()
    assert subjects(sink) == ["number 1", "number 2", "number 4"]


def test_what_the_old_server_refuses_is_kept_with_its_reason_and_tried_when_asked(
    moved: tuple[Home, FilesSource, Box], sink: Sink
) -> None:
    _, _, box = moved
    box.arrive(1)
    back = returning(moved, sink)
    sink.refusals["rcpt"] = b"550 5.1.1 no such user"
    done = back.run()
    assert not done.later and "550 5.1.1 no such user" in done.words
    assert (back.counts.failed, done.kept) == (1, 1)
    assert b"Subject: number 1" in back.kept()["INBOX.mbox"]
    sink.refusals.clear()
    back.run()
    assert not sink.taken
    done = back.run(anew=True)
    assert subjects(sink) == ["number 1"] and not back.kept() and done.kept == 0


def test_a_sender_that_the_old_server_does_not_take_from_us_is_left_out(
    moved: tuple[Home, FilesSource, Box], sink: Sink
) -> None:
    _, _, box = moved
    box.arrive(1)
    sink.refusals["mail FROM:<far@"] = b"550 5.7.23 SPF"
    returning(moved, sink).run()
    assert [one.sender for one in sink.taken] == [""]


def test_an_old_server_that_wants_to_be_asked_later_is(
    moved: tuple[Home, FilesSource, Box], sink: Sink
) -> None:
    _, _, box = moved
    box.arrive(1)
    box.arrive(2)
    back = returning(moved, sink)
    sink.answer = b"451 4.7.1 greylisted"
    done = back.run()
    assert done.later and "greylisted" in done.words and done.kept == 2
    sink.answer = b"250 ok"
    done = back.run()
    assert not done.later and subjects(sink) == ["number 1", "number 2"] and done.kept == 0


def test_nobody_there_is_told(moved: tuple[Home, FilesSource, Box]) -> None:
    _, _, box = moved
    box.arrive(1)
    with old_server() as gone:
        pass
    done = returning(moved, gone).run()
    assert done.later and "cannot be reached" in done.words and done.kept == 1


def test_one_whose_answer_was_lost_is_not_handed_over_again_and_not_lost(
    moved: tuple[Home, FilesSource, Box], sink: Sink
) -> None:
    _, _, box = moved
    for number in range(3):
        box.arrive(number)
    sink.silent_after = 1
    back = returning(moved, sink)
    done = back.run()
    back.run()
    # Two were answered for; the old server has the third one too, which we cannot know.
    assert Counter(subjects(sink)) == {f"number {n}": 1 for n in range(3)}
    assert "may have it" in done.words
    assert back.counts.returned + back.counts.failed == 3
    assert done.kept == back.counts.failed


@pytest.mark.parametrize("seed", range(3))
def test_a_return_that_is_killed_again_and_again_hands_nothing_over_twice(
    moved: tuple[Home, FilesSource, Box], sink: Sink, seed: int
) -> None:
    _, _, box = moved
    for number in range(40):
        box.arrive(number, random.Random(number).choice(["", ".Junk", ".A.B"]))
    sink.pause = 0.01
    back = returning(moved, sink)
    back.next()
    chance = random.Random(seed)
    killed = 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        have = len(sink.taken)
        process = back.begin()
        wanted = have + chance.randrange(1, 9)
        while process.poll() is None and len(sink.taken) < wanted:
            time.sleep(chance.uniform(0.0005, 0.01))
        if killed < 5 and process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        try:
            assert process.stdin
            if process.wait(30) == 0:
                break
        finally:
            process.stdin.close()
    assert killed
    assert not [name for name, times in Counter(subjects(sink)).items() if times > 1]
    # Nothing is lost either: what the old server does not have is in the file.
    kept = back.kept().get("INBOX.mbox", b"") + b"".join(back.kept().values())
    for number in range(40):
        there = f"number {number}" in subjects(sink)
        assert there or f"Subject: number {number}\n".encode() in kept
    assert back.counts.returned + back.counts.failed == 40


def test_what_the_source_cannot_be_asked_for_any_more_is_known_by_the_copy(
    moved: tuple[Home, FilesSource, Box], sink: Sink
) -> None:
    home, source, box = moved
    subprocess.run(["rm", "-r", source.path], check=True)
    box.arrive(9)
    box.save(message(77), ".Sent")
    back = returning(moved, sink)
    done = back.run()
    assert "cannot be looked at any more" in done.words
    assert subjects(sink) == ["number 9"] and list(back.kept()) == ["Sent.mbox"]
    assert home.mail.exists()


def test_what_its_user_has_deleted_meanwhile_counts_no_more(
    moved: tuple[Home, FilesSource, Box], sink: Sink
) -> None:
    _, _, box = moved
    path = box.arrive(1)
    back = returning(moved, sink)
    sink.answer = b"451 later"
    back.run()
    path.unlink()
    sink.answer = b"250 ok"
    done = back.run()
    assert not sink.taken and not done.later
    assert (back.counts.arrived, done.kept) == (0, 0)
