"""A mailbox of another host copied into one here, beside `cp -a` of the same tree.

Alone: `python -m bench.copies MESSAGES OCTETS ROUNDS [--work FOLDER] [--record]` (all octets
together; full: 200000 messages in 10 GB). The tree is generated: 40 folders, sizes of messages as
mail has them (log-normal), Dovecot's lists of UIDs. Each round runs `cp -a` and the copy's own
process by turns; both count until everything is on the disk, which the copy sees to itself and
`cp` is given syncfs(2) for. Room under the folder: two and a half times the octets, in an ext4 of
its own where one can be mounted.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from bench.machine import Machine, describe
from bench.report import COPIED, HEAD, Figure, row, with_section
from mailstead.home import Home
from mailstead.mailplane.node.copies.book import Book, Status, book_path
from mailstead.mailplane.node.copies.files import DIRECTORY, make_safe
from mailstead.standards.maildir import Uid, UidList
from mailstead.wire import codec
from mailstead.wire.changes import CopyPut
from mailstead.wire.moves import FilesSource

SPEED_AT_LEAST = 0.8
DELTA_AT_MOST = 0.02
RESULTS = Path(__file__).parent / "RESULTS.md"
FOLDER = "ms-copies"
FOLDERS = 40
_SPREAD = 1.4
"""Of the logarithm of a message's size: most are small, few hold most of the octets."""
_ROOM = 2.4
"""Room by the octets of the tree: itself, one copy, and what an allocator leaves unused."""
_SMALLEST = 600
_LARGEST = 25 * 2**20


def measure(
    work: Path, messages: int, octets: int, rounds: int, progress: Callable[[str], None]
) -> list[Figure]:
    """Make the tree, copy it by turns, then once more with nothing changed."""
    plain: list[float] = []
    whole: list[float] = []
    ours: list[float] = []
    delta: list[float] = []
    cold: list[float] = []
    with _disk(work, messages, octets, rounds, progress) as folder:
        progress(f"writing {messages:,} messages")
        source = folder / "source"
        written = make_tree(source, messages, octets)
        home = Home(folder / "home")
        home.mail.mkdir(parents=True)
        _settle(folder)
        for number in range(1, rounds + 1):
            progress(f"copying, round {number} of {rounds}")
            for turn in ("cp", "ours") if number % 2 else ("ours", "cp"):
                if turn == "cp":
                    _cp(source, folder, plain, whole)
                else:
                    _ours(home, source, number, messages, (ours, delta, cold))
                _empty(folder, source)
    detail: dict[str, object] = {
        "messages": messages,
        "octets": written,
        "cp_s": plain,
        "cp_on_disk_s": whole,
        "copy_s": ours,
        "delta_s": delta,
        "delta_in_a_new_process_s": cold,
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
        Figure("copies", "a round without changes", statistics.median(delta) * 1000, "ms"),
        Figure(
            "copies",
            "the same by a process that is started for it",
            statistics.median(cold) * 1000,
            "ms",
        ),
    ]


@contextlib.contextmanager
def _disk(
    work: Path, messages: int, octets: int, rounds: int, progress: Callable[[str], None]
) -> Iterator[Path]:
    """An ext4 of its own in a file below `work`, or the folder itself where none can be mounted.

    A disk that is told of each freed block (`discard`) takes longer to be emptied between turns
    than for the copies themselves; one file is freed at once.
    """
    place = work / f"{FOLDER}-{os.getpid()}"
    place.mkdir(parents=True)
    image = work / f"{place.name}.ext4"
    inodes = (2 * rounds + 2) * messages + 10_000
    made, device = False, ""
    try:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            with image.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, int(octets * _ROOM) + inodes * 512 + 2**27)
            options = ("-q", "-F", "-m", "0", "-N", str(inodes), "-E", "nodiscard")
            _run("mkfs.ext4", *options, str(image))
            # Else all would be twice in memory, and the tree not once.
            device = _run("losetup", "--find", "--show", "--direct-io=on", str(image))
            _run("mount", "-o", "nodiscard", device, str(place))
            made = True
        if not made:
            progress("no file system of its own can be mounted; the folder itself is measured")
            image.unlink(missing_ok=True)
        yield place
    finally:
        progress("removing it all")
        if made:
            _run("umount", str(place))
        if device:
            _run("losetup", "--detach", device)
        shutil.rmtree(place, ignore_errors=True)
        image.unlink(missing_ok=True)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


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


def _empty(folder: Path, source: Path) -> None:
    """Give back the room of what was copied, and leave the files.

    Where many files were just deleted, ext4 goes past each of their inodes for every one that it
    makes anew, for minutes: the next copy would be measured by what this one had left.
    """
    for directory, _, names in os.walk(folder):
        if Path(directory).is_relative_to(source):
            continue
        for name in names:
            if "copies.db" not in name:
                os.truncate(os.path.join(directory, name), 0)  # noqa: PTH118 -- many
    gone = folder / f"gone-{time.monotonic_ns()}"
    gone.mkdir()
    for part in (folder / "cp", folder / "home/mail/copied.example", folder / "home/mail/.copies"):
        if part.exists():
            part.rename(gone / part.name)
    _settle(folder)


def _ours(
    home: Home,
    source: Path,
    job: int,
    messages: int,
    times: tuple[list[float], list[float], list[float]],
) -> None:
    """The first round, a second by the same process, a third by another one."""
    words = [sys.executable, "-m", "mailstead.mailplane.node.copies", "--home", str(home.root)]
    for rounds in ((1, 2), (3,)):
        begun = time.perf_counter()
        with subprocess.Popen(
            [*words, "--rounds", str(len(rounds))], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin and process.stdout
            for number in rounds:
                put = CopyPut(
                    job=job,
                    address="box@copied.example",
                    source=FilesSource(path=str(source)),
                    round=number,
                )
                process.stdin.write(codec.encode(put) + b"\n")
                process.stdin.flush()
                answer = process.stdout.readline()
                times[number - 1].append(time.perf_counter() - begun)
                _check(home, job, answer, messages if number == 1 else 0)
                begun = time.perf_counter()


def _check(home: Home, job: int, answer: bytes, messages: int) -> None:
    book = Book(book_path(home))
    status = msgspec.json.decode(book.value(job, "status"), type=Status)
    book.close()
    if answer != b"0\n" or status.state != "done" or status.messages != messages:
        raise RuntimeError(f"The copy did not do what it should: {status}")


def as_section(figures: list[Figure], machine: Machine, when: dt.datetime, words: str) -> str:
    """What `--record` puts into `bench/RESULTS.md`; `words` are the command's."""
    lines = [
        f"Measured on {when:%Y-%m-%d} with `python -m bench.copies {words}`,",
        f"on {machine.cores} cores, {machine.memory_gib} GiB of memory, {machine.filesystem}.",
        "",
        *HEAD,
        *(row(figure) for figure in figures),
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure alone; prints each figure, and all times as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.copies", description=__doc__)
    parser.add_argument("messages", type=int)
    parser.add_argument("octets", type=int)
    parser.add_argument("rounds", type=int)
    parser.add_argument("--work", type=Path, default=Path("/tmp"))
    parser.add_argument("--record", action="store_true", help="write bench/RESULTS.md too")
    given = parser.parse_args()
    figures = measure(given.work, given.messages, given.octets, given.rounds, print)
    for figure in figures:
        print(f"{figure.what}: {figure.shown} {figure.verdict}")
    print(json.dumps(figures[0].detail))
    if given.record:
        words = f"{given.messages} {given.octets} {given.rounds}"
        text = as_section(figures, describe(given.work), dt.datetime.now(dt.UTC), words)
        page = with_section(RESULTS.read_text(encoding="utf-8"), COPIED, text)
        RESULTS.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
