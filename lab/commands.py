"""Running programs and waiting for conditions; failures say what was run and what it said."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class LabError(Exception):
    """Something in the lab did not work; the text is a sentence for the person who runs it."""


def run(
    *words: str | Path | int,
    stdin: str | None = None,
    timeout: float = 60,
    check: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, at most `timeout` seconds; `LabError` unless it exits with 0."""
    argv = [str(word) for word in words]
    try:
        done = subprocess.run(
            argv,
            input="" if stdin is None else stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            env=env,
            cwd=cwd,
        )
    except FileNotFoundError as error:
        raise LabError(
            f"{argv[0]} is not installed; `make test` installs what tests need"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise LabError(
            f"{_line(argv)} did not end within {timeout:g} s: {error.stdout!r} {error.stderr!r}"
        ) from error
    if check and done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()) or "it said nothing"
        raise LabError(f"{_line(argv)} ended with {done.returncode}: {said}")
    return done


def start(
    *words: str | Path | int, log: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a daemon in its own session, its output appended to `log`."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env=env,
        )


def wait_until(
    condition: Callable[[], T],
    what: str,
    *,
    seconds: float = 20,
    every: float = 0.05,
) -> T:
    """Poll until `condition()` is true, at most `seconds`; returns its value.

    Raises `LabError` with `what` that did not become true. A condition that raises `OSError` or
    `LabError` counts as not yet true.
    """
    deadline = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = value
        except (OSError, LabError) as error:
            last = error
        if time.monotonic() > deadline:
            raise LabError(f"After {seconds:g} s it was still not so that {what} (last: {last!r})")
        time.sleep(every)


def _line(argv: Sequence[str]) -> str:
    return " ".join(argv[:12]) + (" …" if len(argv) > 12 else "")
