"""The process of copies: does one round after the other.

Purpose: copy the mail of one mailbox at a time, apart from the agent, so that a copy can be stopped
    at any time.
Protocol: on standard input lines of JSON (`wire.changes.CopyPut`), each a round to do; between them
    `rate N` (octets in a second, 0 without bound) and `stop`, which mean the round before. A round
    that is over is answered by a line, 0: it is done, 3: it was stopped, 1: it failed. The end of
    the input, also the agent's, stops the copy at the next message, and ends the process.
    How far a copy is stands in the book (`book.Book`).
Files: `<home>/agent/copies.db` and `copies.reserve`, `<home>/mail/.copies/<job>/`, the mailbox.
Security: runs as root to read trees of others (files.py); passwords come by standard input.
Diagnostics: exit code: the last answer; JSON lines on standard error.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import os
import queue
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType

import msgspec

from mailstead.home import Home
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.node.copies.book import Book, Status, book_path
from mailstead.mailplane.node.copies.imap import ImapError
from mailstead.mailplane.node.copies.pace import Progress, Stopped
from mailstead.mailplane.node.copies.work import work
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import CopyPut


class Input:
    """Lines of standard input, read without Python's own buffer: a thread that waits in that when
    the process ends would bring it down."""

    def __init__(self) -> None:
        self._rest = b""

    def line(self) -> bytes:
        """The next line; empty at the end."""
        while b"\n" not in self._rest:
            part = os.read(0, 65536)
            if not part:
                return b""
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line + b"\n"


_FULL = (
    "There is no room left on the disk of {mail}. Nothing is lost: make room, and copy once more; "
    "the copy goes on where it was."
)


_RESERVE = 2**18
"""Octets that are kept free for the book's last words where the disk gets full."""


def _reserve(home: Home) -> Path:
    return book_path(home).with_name("copies.reserve")


def _keep_reserve(home: Home) -> None:
    path = _reserve(home)
    with suppress(OSError):
        number = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(number, 0, _RESERVE)
        finally:
            os.close(number)


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_FULL


class _Given:
    """What was given: rounds to do, and words about the one that is under way."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.rounds: queue.SimpleQueue[tuple[CopyPut, Progress] | None] = queue.SimpleQueue()
        """None: there will be no more."""
        self.ended = False
        self._clock = clock
        self._last: Progress | None = None

    def follow(self) -> None:
        """Read standard input to its end."""
        given = Input()
        while line := given.line():
            words = line.split()
            if line.startswith(b"{"):
                put = msgspec.json.decode(line, type=CopyPut)
                self._last = Progress(lambda progress: None, self._clock)
                self.rounds.put((put, self._last))
            elif self._last and words == [b"stop"]:
                self._last.stop()
            elif self._last and len(words) == 2 and words[0] == b"rate" and words[1].isdigit():
                self._last.rate = int(words[1])
        self.end()

    def end(self) -> None:
        """Stop what is under way, and begin nothing more."""
        self.ended = True
        if self._last:
            self._last.stop()
        self.rounds.put(None)


def main(arguments: list[str]) -> int:
    """Do rounds; see the module."""
    parser = argparse.ArgumentParser(prog="copy")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=1, help="so many, then end")
    options = parser.parse_args(arguments)
    home = Home(options.home)
    os.nice(5)
    given = _Given(time.monotonic)

    def stop(number: int, frame: FrameType | None) -> None:
        given.end()

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=given.follow, daemon=True).start()
    path = book_path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    code = 0
    for _ in range(options.rounds):
        if not (one := given.rounds.get()) or given.ended:
            break
        put, progress = one
        lock = os.open(path.with_name(f"copy-{put.job}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # One that was left by an agent that was killed ends at its next message.
            fcntl.flock(lock, fcntl.LOCK_EX)
            code = _round(home, put, progress)
        finally:
            os.close(lock)
        with suppress(BrokenPipeError):
            os.write(1, b"%d\n" % code)
    return code


def _round(home: Home, put: CopyPut, progress: Progress) -> int:
    """One round, written down in the book; returns its answer."""
    path = book_path(home)
    _keep_reserve(home)
    book = Book(path)
    spent = book.job(put.job)
    started = time.monotonic() - (spent.seconds if spent.round == put.round else 0.0)

    def status(progress: Progress, state: str, words: str = "", kept: bool = True) -> Status:
        return Status(
            round=put.round,
            state=state,
            messages=progress.messages,
            messages_all=progress.messages_all,
            octets=progress.octets,
            octets_all=progress.octets_all,
            folder=progress.folder,
            seconds=round(time.monotonic() - started, 2),
            words=words,
            uids_kept=kept,
        )

    def tell(progress: Progress) -> None:
        # Whichever thread says so: a connection belongs to one.
        with suppress(sqlite3.Error), closing(Book(path)) as own:
            own.set_value(put.job, "status", msgspec.json.encode(status(progress, "copying")))

    progress.teller = tell
    book.set_state(put.job, put.round, "copying", "", spent.seconds)
    counted = None
    code = 0
    kept = True
    try:
        done = work(home, put, book, progress)
        state, words, kept, counted = "done", done.words, done.uids_kept, done.counted
    except Stopped:
        state, words, code = "paused", "", 3
    except (
        OSError, EngineError, ImapError, TimeoutError, Refusal, UnicodeError, sqlite3.Error
    ) as error:  # fmt: skip
        said = error.sentence if isinstance(error, Refusal) else str(error)
        if _is_full(error):
            said = _FULL.format(mail=home.mail)
            _reserve(home).unlink(missing_ok=True)
        state, words, code = "failed", said[:900] or type(error).__name__, 1
    final = status(progress, state, words, kept)
    book.finish(put.job, put.round, state, words, final.seconds, {
        "status": msgspec.json.encode(final),
        "counted": msgspec.json.encode(counted) if counted else b"",
    })  # fmt: skip
    book.close()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
