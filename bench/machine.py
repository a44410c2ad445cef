"""The machine a figure was measured on: cores, memory, file system, and how fast its disk syncs.

Without the fsync rate beside it a messages-per-second figure says nothing: each accepted message
waits for several.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """What a reader needs to compare figures; nothing that names the machine itself."""

    cores: int
    memory_gib: int
    filesystem: str
    fsync_one: int
    """Files of 4 KiB created, written and fsynced per second, one after the other."""
    fsync_sixteen: int
    """The same by sixteen threads at once."""
    kernel: str
    postfix: str
    dovecot: str

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def describe(work: Path) -> Machine:
    """Measures the disk under `work` for about two seconds."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        cores=os.cpu_count() or 1,
        memory_gib=round(pages / 2**30),
        filesystem=_output("stat", "-f", "-c", "%T", str(work)),
        fsync_one=fsync_rate(work, threads=1),
        fsync_sixteen=fsync_rate(work, threads=16),
        kernel=".".join(platform.release().split(".")[:2]),
        postfix=_output("postconf", "-d", "-h", "mail_version"),
        dovecot=_output("dovecot", "--version").split(" ")[0],
    )


def fsync_rate(work: Path, *, threads: int, seconds: float = 0.9) -> int:
    """Files created, written (4 KiB) and fsynced per second in `work`."""
    block = b"x" * 4096
    with tempfile.TemporaryDirectory(prefix="ms-gf", dir=work) as folder:

        def one(number: int) -> int:
            end = time.monotonic() + seconds
            done = 0
            while time.monotonic() < end:
                path = f"{folder}/{number}-{done}"
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                os.write(descriptor, block)
                os.fsync(descriptor)
                os.close(descriptor)
                done += 1
            return done

        with ThreadPoolExecutor(threads) as pool:
            return round(sum(pool.map(one, range(threads))) / seconds)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def median(values: list[float]) -> float:
    """The middle of several rounds."""
    return statistics.median(values)


def percentile(values: list[float], share: float) -> float:
    """The value that `share` (0 to 1) of the sorted values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -(-int(share * 1000) * len(ordered) // 1000) - 1))]
