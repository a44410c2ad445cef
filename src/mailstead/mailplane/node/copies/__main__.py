"""The process of one copy: does one round and ends.

Purpose: copy the mail of one mailbox, apart from the agent, so that it can be stopped at any time.
Protocol: on standard input a line of JSON (`wire.changes.CopyPut`), then lines `rate N` (octets in
    a second, 0 without bound); its end, also the agent's, stops the copy at the next message.
    How far it is stands in the book (`book.Book`).
Files: `<home>/agent/copies.db`, `<home>/mail/.copies/<job>/`, the mailbox.
Security: runs as root to read trees of others (files.py); passwords come by standard input.
Diagnostics: exit code 0: the round is over, 3: stopped, 1: failed; JSON lines on standard error.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from types import FrameType

import msgspec

from mailstead.home import Home
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.node.copies.book import Book
from mailstead.mailplane.node.copies.desk import Status, book_path
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


def _follow(given: Input, progress: Progress) -> None:
    while line := given.line():
        words = line.split()
        if len(words) == 2 and words[0] == b"rate" and words[1].isdigit():
            progress.rate = int(words[1])
    progress.stop()


def main(arguments: list[str]) -> int:
    """Do one round; see the module."""
    parser = argparse.ArgumentParser(prog="copy")
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args(arguments).home)
    given = Input()
    put = msgspec.json.decode(given.line(), type=CopyPut)
    path = book_path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(f"copy-{put.job}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    # One that was left by an agent that was killed ends at its next message.
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.nice(5)
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
        with closing(Book(path)) as own:
            own.set_value(put.job, "status", msgspec.json.encode(status(progress, "copying")))

    progress = Progress(tell, time.monotonic)

    def stop(number: int, frame: FrameType | None) -> None:
        progress.stop()

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=_follow, args=(given, progress), daemon=True).start()
    book.set_state(put.job, put.round, "copying", "", spent.seconds)
    counted = None
    code = 0
    kept = True
    try:
        done = work(home, put, book, progress)
        state, words, kept, counted = "done", done.words, done.uids_kept, done.counted
    except Stopped:
        state, words, code = "paused", "", 3
    except (OSError, EngineError, ImapError, TimeoutError, Refusal, UnicodeError) as error:
        said = error.sentence if isinstance(error, Refusal) else str(error)
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
