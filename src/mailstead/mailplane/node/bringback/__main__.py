"""The process of one return: does one round and ends.

Purpose: bring what has come into one mailbox to its old server, apart from the agent.
Protocol: on standard input a line of JSON (`wire.changes.BringBackPut`); the end of that input,
    also the agent's, stops it at the next message. How far it is stands in the book.
Files: `<home>/agent/returns.db`, `<home>/agent/copies.db` (read), the mailbox (read),
    `<home>/moves/returns/<job>.zip`.
Security: runs as root to read the mailbox and sources of others; passwords come by standard input.
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

from mailstead.config import load
from mailstead.home import Home
from mailstead.mailplane.node.bringback.book import BringBackBook
from mailstead.mailplane.node.bringback.desk import Status, book_path, lock_path
from mailstead.mailplane.node.bringback.work import counts, work
from mailstead.mailplane.node.copies.__main__ import Input
from mailstead.mailplane.node.copies.pace import Progress, Stopped
from mailstead.wire.changes import BringBackPut
from mailstead.wire.moves import BringBackState


def main(arguments: list[str]) -> int:
    """Do one round; see the module."""
    parser = argparse.ArgumentParser(prog="return")
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args(arguments).home)
    given = Input()
    put = msgspec.json.decode(given.line(), type=BringBackPut)
    path = book_path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(lock_path(home, put.job), os.O_RDWR | os.O_CREAT, 0o600)
    # One that was left by an agent that was killed ends at its next message.
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.nice(5)
    book = BringBackBook(path)
    started = time.monotonic()
    before = book.job(put.job)[2]
    kept = msgspec.json.decode(before, type=Status) if before else None

    def note(own: BringBackBook, state: BringBackState, words: str = "", **more: int) -> None:
        found = counts(own, put.job)
        file = more or {
            "kept": kept.kept if kept else 0,
            "kept_octets": kept.kept_octets if kept else 0,
        }
        status = Status(
            round=put.round,
            state=state,
            arrived=found.arrived,
            saved=found.saved,
            returned=found.returned,
            failed=found.failed,
            seconds=round(time.monotonic() - started, 2),
            words=words,
            **file,
        )
        own.set_status(put.job, put.round, state, msgspec.json.encode(status))

    def tell(progress: Progress) -> None:
        with closing(BringBackBook(path)) as own:
            note(own, "returning")

    progress = Progress(tell, time.monotonic)

    def stop(number: int, frame: FrameType | None) -> None:
        progress.stop()

    def follow() -> None:
        while given.line():
            pass
        progress.stop()

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=follow, daemon=True).start()
    note(book, "returning")
    try:
        done = work(home, put, load(home.root).hostname, book, progress)
    except Stopped:
        note(book, "waiting")
        return 3
    except (OSError, UnicodeError) as error:
        note(book, "failed", str(error)[:900] or type(error).__name__)
        return 1
    state: BringBackState = "failed" if done.later else "done"
    note(book, state, done.words, kept=done.kept, kept_octets=done.kept_octets)
    book.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
