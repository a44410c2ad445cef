"""The index of breached passwords: how fast it is built, its size, how long a question takes.

Alone: `python -m bench.breached HASHES [--work FOLDER]`. The list is generated: random 40-digit
hashes as text, ordered, as the public list is. Making it is not in the figures; it takes 45 octets
a hash under the folder, and the build 11 more.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.report import Figure
from mailstead.breached import lists
from mailstead.breached.build import build
from mailstead.breached.index import Index

BUILD_AT_LEAST = 1_000_000.0
OCTETS_AT_MOST = 2.3
P99_AT_MOST = 10.0
"""Microseconds."""
FALSE_ONE_IN = 60_000.0
QUESTIONS = 200_000
STRANGERS = 200_000_000
"""So many that chance moves the rate of 1 in 65,536 by less than two percent."""
FOLDER = "ms-breached"
_STEP = 500_000
Keys = NDArray[np.uint64]


def measure(
    work: Path, hashes: int, progress: Callable[[str], None], strangers: int = STRANGERS
) -> list[Figure]:
    """Make a list of so many hashes, build the index from it, ask it."""
    folder = work / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        progress(f"writing a list of {hashes:,} hashes")
        text, out = folder / "list.txt", folder / "index"
        write_list(text, hashes)
        progress("building the index of breached passwords")
        seconds, peak = _built(text, out)
        progress("asking the index")
        with Index.open(out) as index:
            index.verify()
            found, size = index.header.hashes, index.header.size
            times = sorted(_times(index, text))
        false = sum(count_known(out, keys) for keys in random_keys(strangers, seed=2))
    finally:
        shutil.rmtree(folder)
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    what = f"{hashes:,} hashes:"
    detail: dict[str, object] = {"hashes": found, "octets": size, "seconds": seconds}
    return [
        Figure(
            "breached",
            f"{what} hashes built in a second from text",
            hashes / seconds,
            "/s",
            at_least=BUILD_AT_LEAST,
            detail=detail,
        ),
        Figure("breached", f"{what} memory of the build at most", peak / 2**20, "MiB"),
        Figure("breached", f"{what} octets a hash", size / found, "", at_most=OCTETS_AT_MOST),
        Figure("breached", f"{what} a question, p50", p50 / 1000, "µs"),
        Figure("breached", f"{what} a question, p99", p99 / 1000, "µs", at_most=P99_AT_MOST),
        Figure(
            "breached",
            f"{what} strangers for each that is taken for a known one",
            strangers / max(1, false),
            "",
            at_least=FALSE_ONE_IN,
            detail={"strangers": strangers, "taken": false},
        ),
    ]


def write_list(path: Path, hashes: int, seed: int = 1) -> None:
    """`HASH:COUNT` lines, ordered, with line ends as the public list has them."""
    first = 0
    generator = np.random.default_rng(seed)
    digits = np.frombuffer(b"0123456789ABCDEF", dtype=np.uint8)
    end = np.frombuffer(b":12\r\n", dtype=np.uint8)
    with path.open("wb") as file:
        for number in range(0, hashes, _STEP):
            count = min(_STEP, hashes - number)
            octets = generator.integers(0, 256, (count, 20), dtype=np.uint8)
            # Ascending from stretch to stretch and within each, spread over all hashes.
            last = (number + count) * ((1 << 64) - 1) // hashes
            keys = np.sort(generator.integers(first, last, count, dtype=np.uint64))
            octets[:, :8] = keys.astype(">u8").view(np.uint8).reshape(-1, 8)
            first = last
            lines = np.empty((count, 45), dtype=np.uint8)
            lines[:, 0:40:2], lines[:, 1:40:2] = digits[octets >> 4], digits[octets & 15]
            lines[:, 40:] = end
            file.write(lines.tobytes())


def _built(text: Path, out: Path) -> tuple[float, int]:
    """Seconds, and the octets of memory that a process of its own has taken at most."""
    words = [sys.executable, "-m", "bench.breached", "--build", str(text), str(out)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"the build failed: {done.stderr.strip()[-300:]}")
    seconds, peak = done.stdout.split()
    return float(seconds), int(peak)


def _build_here(text: Path, out: Path) -> None:
    began = time.monotonic()
    build([lists.source(text)], out)
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(seconds, peak)


def _times(index: Index, text: Path) -> Iterator[int]:
    """Nanoseconds of each question: half of them about hashes that are in it."""
    chance = random.Random(3)
    asked = []
    with text.open("rb") as file:
        lines = os.fstat(file.fileno()).st_size // 45
        for _ in range(QUESTIONS // 2):
            file.seek(45 * chance.randrange(lines))
            asked.append(bytes.fromhex(file.read(40).decode()))
    for known in asked:
        if not index.has(known):
            raise OSError("a hash that was put in is not found")
    asked += [hashlib.sha1(b"%d" % number).digest() for number in range(QUESTIONS // 2)]
    chance.shuffle(asked)
    gc.disable()
    try:
        for sha1 in asked:
            began = time.perf_counter_ns()
            index.has(sha1)
            yield time.perf_counter_ns() - began
    finally:
        gc.enable()


def random_keys(count: int, seed: int) -> Iterator[Keys]:
    """Keys of hashes that nobody has put in, by the stretch."""
    generator = np.random.default_rng(seed)
    for number in range(0, count, _STEP):
        yield generator.integers(0, 2**64, min(_STEP, count - number), dtype=np.uint64)


def count_known(path: Path, keys: Keys) -> int:
    """How many of the keys the index takes for known: `Index.has` for many at once."""
    with Index.open(path) as index:
        header = index.header
    places = np.memmap(path, dtype="<u2", mode="r")
    part = (keys >> np.uint64(64 - header.bits)) if header.bits else np.zeros_like(keys)
    table = np.array(
        [(p.offset // 2, p.seed, p.segment, p.span) for p in header.parts], dtype=np.uint64
    )
    offset, seed, segment, span = table[part].T
    mixed = keys + seed
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        mixed = (mixed ^ mixed >> np.uint64(33)) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(33)
    half, low = np.uint64(32), np.uint64(0xFFFF_FFFF)
    first = ((mixed >> half) * span + ((mixed & low) * span >> half)) >> half
    second, third = first + segment, first + segment + segment
    one = np.uint64(1)
    second ^= (mixed >> np.uint64(18)) & (segment - one)
    third ^= mixed & (segment - one)
    found = places[offset + first] ^ places[offset + second] ^ places[offset + third]
    wanted = (mixed ^ mixed >> half).astype(np.uint16)
    return int(np.count_nonzero((found == wanted) & (segment > 0)))


def main() -> None:
    """Measure at the size that is given, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.breached", description=__doc__)
    parser.add_argument("hashes", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--work", type=Path, default=Path("/tmp"))
    parser.add_argument("--build", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.build:
        _build_here(*given.build)
        return
    for figure in measure(given.work, given.hashes, print):
        print(f"{figure.what}: {figure.shown} ({figure.target or 'no target'}) {figure.verdict}")


if __name__ == "__main__":
    main()
