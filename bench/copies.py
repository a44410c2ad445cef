"""A mailbox of another host copied into one here, beside `cp -a` of the same tree.

Alone: `python -m bench.copies MESSAGES OCTETS ROUNDS [--work FOLDER]` (all octets together; full:
200000 messages in 10 GB). The tree is generated: 40 folders, sizes of messages as mail has them
(log-normal), Dovecot's lists of UIDs. Each round runs `cp -a` and the copy's own process by turns;
both count until everything is on the disk, which the copy sees to itself and `cp` is given
syncfs(2) for. Room under the folder: three times the octets.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.report import Figure
from mailstead.home import Home
from mailstead.mailplane.node.copies.book import Book, Status, book_path
from mailstead.mailplane.node.copies.files import DIRECTORY, make_safe
from mailstead.standards.maildir import Uid, UidList
from mailstead.wire import codec
from mailstead.wire.changes import CopyPut
from mailstead.wire.moves import FilesSource

SPEED_AT_LEAST = 0.8
DELTA_AT_MOST = 0.02
FOLDER = "ms-copies"
FOLDERS = 40
_SPREAD = 1.4
"""Of the logarithm of a message's size: most are small, few hold most of the octets."""
_SMALLEST = 600
_LARGEST = 25 * 2**20


def measure(
    work: Path, messages: int, octets: int, rounds: int, progress: Callable[[str], None]
) -> list[Figure]:
    """Make the tree, copy it by turns, then once more with nothing changed."""
    folder = work / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        progress(f"writing {messages:,} messages")
        source = folder / "source"
        written = make_tree(source, messages, octets)
        home = Home(folder / "home")
        home.mail.mkdir(parents=True)
        _settle(folder)
        plain: list[float] = []
        whole: list[float] = []
        ours: list[float] = []
        delta: list[float] = []
        for number in range(1, rounds + 1):
            progress(f"copying, round {number} of {rounds}")
            if number % 2:
                _cp(source, folder, plain, whole)
                _ours(home, source, number, messages, ours, delta)
            else:
                _ours(home, source, number, messages, ours, delta)
                _cp(source, folder, plain, whole)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    detail: dict[str, object] = {
        "messages": messages,
        "octets": written,
        "cp_s": plain,
        "cp_on_disk_s": whole,
        "copy_s": ours,
        "delta_s": delta,
    }
    pairs = [theirs / mine for theirs, mine in zip(whole, ours, strict=True)]
    bare = [theirs / mine for theirs, mine in zip(plain, ours, strict=True)]
    shares = [less / mine for less, mine in zip(delta, ours, strict=True)]
    return [
        Figure(
            "copies",
            "mail copied on to the disk ÷ cp -a on to the disk, in speed",
            statistics.median(pairs),
            at_least=SPEED_AT_LEAST,
            detail=detail,
        ),
        Figure(
            "copies",
            "mail copied on to the disk ÷ cp -a that leaves it to the kernel, in speed",
            statistics.median(bare),
        ),
        Figure("copies", "mail copied", written / statistics.median(ours) / 2**20, "MiB/s"),
        Figure(
            "copies",
            "a round without changes ÷ the full copy, in time",
            statistics.median(shares),
            at_most=DELTA_AT_MOST,
        ),
        Figure("copies", "a round without changes", statistics.median(delta), "s"),
    ]


def make_tree(root: Path, messages: int, octets: int) -> int:
    """A Maildir++ of so many messages; returns the octets written."""
    chance = random.Random(6)
    weights = [chance.lognormvariate(0, _SPREAD) for _ in range(messages)]
    scale = octets / sum(weights)
    letters = random.Random(7).randbytes(4 * 2**20).hex().encode()
    text = b"\n".join(letters[at : at + 76] for at in range(0, len(letters), 76)) * 4
    done = 0
    for number in range(FOLDERS):
        folder = root / f".Folder {number}" if number else root
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True)
        uids = UidList(1_500_000_000 + number)
        for index in range(number, messages, FOLDERS):
            size = min(_LARGEST, max(_SMALLEST, int(weights[index] * scale)))
            head = (
                f"From: far@away.example\nMessage-ID: <{index}@away.example>\nSubject: {index}\n\n"
            ).encode()
            start = chance.randrange(max(1, len(text) - size))
            body = (head + text[start : start + size])[:size]
            date = 1_500_000_000 + index
            base = f"{date}.M{index}P1.away,S={len(body)}"
            path = folder / "cur" / f"{base}:2,{'S' if index % 3 else ''}"
            path.write_bytes(body)
            os.utime(path, (date, date))
            uids.uids[base] = Uid(uids.next_uid)
            uids.next_uid += 1
            done += len(body)
        (folder / "dovecot-uidlist").write_text(uids.render(), encoding="ascii")
    return done


def _settle(folder: Path) -> None:
    number = os.open(folder, DIRECTORY)
    try:
        make_safe(number)
    finally:
        os.close(number)


def _cp(source: Path, folder: Path, plain: list[float], whole: list[float]) -> None:
    target = folder / "cp"
    begun = time.perf_counter()
    subprocess.run(["nice", "-n", "5", "cp", "-a", str(source), str(target)], check=True)
    plain.append(time.perf_counter() - begun)
    _settle(folder)
    whole.append(time.perf_counter() - begun)
    shutil.rmtree(target)
    _settle(folder)


def _ours(
    home: Home, source: Path, job: int, messages: int, ours: list[float], delta: list[float]
) -> None:
    address = "box@copied.example"
    for number, times in ((1, ours), (2, delta)):
        put = CopyPut(job=job, address=address, source=FilesSource(path=str(source)), round=number)
        begun = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "mailstead.mailplane.node.copies", "--home", str(home.root)],
            stdin=subprocess.PIPE,
        ) as process:
            assert process.stdin
            process.stdin.write(codec.encode(put) + b"\n")
            process.stdin.flush()
            # It would stop at the end of its input.
            process.wait()
        times.append(time.perf_counter() - begun)
        book = Book(book_path(home))
        status = msgspec.json.decode(book.value(job, "status"), type=Status)
        book.close()
        if status.state != "done" or status.messages != (messages if number == 1 else 0):
            raise RuntimeError(f"The copy did not do what it should: {status}")
    shutil.rmtree(home.mail / "copied.example")
    shutil.rmtree(home.mail / ".copies")
    _settle(home.root)


def main() -> None:
    """Measure alone; prints each figure, and all times as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.copies", description=__doc__)
    parser.add_argument("messages", type=int)
    parser.add_argument("octets", type=int)
    parser.add_argument("rounds", type=int)
    parser.add_argument("--work", type=Path, default=Path("/tmp"))
    given = parser.parse_args()
    figures = measure(given.work, given.messages, given.octets, given.rounds, print)
    for figure in figures:
        print(f"{figure.what}: {figure.shown} {figure.verdict}")
    print(json.dumps(figures[0].detail))


if __name__ == "__main__":
    main()
