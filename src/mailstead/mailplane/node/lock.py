"""The instance's lock: one command at a time changes what runs."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailstead.standards.refusal import Refusal


@contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Hold the lock of the instance in `root`; raises `Refusal` (`busy`) when it is held."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refusal(
                "busy",
                f"Another 'mailstead up' or 'mailstead down' works on {root} now.",
                remedy="Wait until it has ended.",
                permanent=False,
            ) from error
        yield
