"""What a measured mail host must be able to tell, and what is the same for all of them."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from bench.load.session import Target
from bench.population import PASSWORD

LOGS = Path(__file__).with_name("out") / "logs"
"""Logs of the hosts of a run that failed."""
QUEUES = ("maildrop", "incoming", "active", "deferred")
FINAL = re.compile(r"/(?:lmtp|smtp|bounce|error|retry|virtual|discard)\[\d+\]: .*?status=(\w+)")


class HostFailed(Exception):
    """A host did not start, or did not deliver what it accepted."""


class Host(Protocol):
    """One variant under measurement, running."""

    @property
    def name(self) -> str:
        """What the variant is called in tables."""

    @property
    def spool(self) -> Path:
        """Postfix's queue directory."""

    @property
    def log(self) -> Path:
        """Where Postfix's own log lines go."""

    @property
    def config(self) -> Path:
        """Postfix's configuration directory."""

    def port(self, service: str) -> int:
        """The port of a service: `smtp`, `submission`, `imap`."""


def target(host: Host, workload: str) -> Target:
    """Where a workload goes: `submission` logs in over STARTTLS, `inbound` does not."""
    if workload == "submission":
        return Target(host.port("submission"), PASSWORD)
    return Target(host.port("smtp"))


def waiting(host: Host) -> int:
    """Messages in the queue."""
    return sum(_files(host.spool / queue) for queue in QUEUES)


def _files(folder: Path) -> int:
    count = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                count += _files(Path(entry.path)) if entry.is_dir(follow_symlinks=False) else 1
    except FileNotFoundError:
        return count  # a hashed sub-queue or a message left while it was looked at
    return count


def wait_until_drained(host: Host, limit: float = 300.0) -> float:
    """Wait for an empty queue; returns `time.monotonic()` of that moment.

    Raises `HostFailed` after `limit` seconds. The queue is looked at every 20 ms: less would cost
    the host processor time, more would blur a run of some seconds.
    """
    end = time.monotonic() + limit
    while waiting(host):
        if time.monotonic() > end:
            raise HostFailed(
                f"{host.name}: {waiting(host)} messages are still queued after {limit:.0f} s; "
                f"look into {host.log}."
            )
        time.sleep(0.02)
    return time.monotonic()


def keep_logs(host: Host, out: Path) -> None:
    """Copy a host's logs to `out` before its home is removed: a failure must be explicable."""
    folder = out / host.name
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        shutil.copytree(host.log.parent, folder)


class Deliveries:
    """Counts what Postfix's log says of final deliveries from now on."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._start = host.log.stat().st_size if host.log.exists() else 0

    def check(self, expected: int, limit: float = 10.0) -> None:
        """Raises `HostFailed` unless exactly `expected` were sent and nothing else happened.

        Log lines may come a moment after the queue is empty, hence `limit` seconds of patience.
        """
        end = time.monotonic() + limit
        while True:
            found = self._states()
            if found == {"sent": expected}:
                return
            if time.monotonic() > end or set(found) - {"sent"}:
                raise HostFailed(
                    f"{self._host.name}: of {expected} messages the log says {found}; "
                    f"look into {self._host.log}."
                )
            time.sleep(0.1)

    def _states(self) -> dict[str, int]:
        with self._host.log.open("rb") as log:
            log.seek(self._start)
            text = log.read().decode(errors="replace")
        found: dict[str, int] = {}
        for state in FINAL.findall(text):
            found[state] = found.get(state, 0) + 1
        return found
