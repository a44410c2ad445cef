"""Running an engine's own commands: lists, never a shell; a failure is loud. And who is running."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT = 120.0
"""Seconds after which a command of an engine counts as hung."""


class EngineError(RuntimeError):
    """An engine's command failed; the message holds its last words."""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


def run(
    command: Sequence[str],
    *,
    stdin: str | None = None,
    accept: tuple[int, ...] = (0,),
    timeout: float = TIMEOUT,
    user: str | None = None,
) -> Done:
    """Run `command`, as `user` where one is named, who then gets nothing of our environment.

    Raises `EngineError` unless its exit code is in `accept`.
    """
    try:
        done = subprocess.run(
            list(command),
            input=(stdin or "").encode(),
            capture_output=True,
            timeout=timeout,
            check=False,
            **(_as(user) if user else {}),
        )
    except FileNotFoundError as error:
        raise EngineError(f"{command[0]} is not installed") from error
    except OSError as error:
        raise EngineError(f"{command[0]} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{command[0]} did not end within {timeout:.0f} s") from error
    out = done.stdout.decode("utf-8", "replace")
    err = done.stderr.decode("utf-8", "replace")
    if done.returncode not in accept:
        raise EngineError(f"{command[0]}: {_telling(err or out) or done.returncode}")
    return Done(done.returncode, out, err)


def _as(user: str) -> dict[str, Any]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    return {"user": user, "group": user, "extra_groups": (), "env": environment, "cwd": "/"}


def _telling(words: str) -> str:
    """The line that names the fault: the first that says "error" or "fatal", or the last."""
    lines = words.strip().splitlines()
    marked = (line for line in lines if "error" in line.lower() or "fatal" in line.lower())
    return next(marked, lines[-1] if lines else "").strip()


@dataclass(frozen=True)
class Process:
    """A process of this machine as proc(5) shows it; bytes, with NUL between the words."""

    number: int
    program: str
    words: bytes
    environment: bytes


def running() -> Iterator[Process]:
    """All processes that can be looked into; those that end meanwhile are left out."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            program = str((entry / "exe").readlink()).removesuffix(" (deleted)")
            words = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        yield Process(int(entry.name), program, words, environment)
