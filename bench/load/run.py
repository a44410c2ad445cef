"""Starts load processes, lets them go at the same moment, and adds up what they saw."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.load.job import Job, Outcome
from bench.load.session import Target
from bench.population import Letter

ROOT = Path(__file__).resolve().parents[2]


class LoadFailed(Exception):
    """A host under load refused what it should have taken: the figure would be worthless."""


@dataclass(frozen=True)
class Shape:
    """How the load is held: the same for every variant."""

    concurrency: int = 20
    per_session: int = 5
    size: int = 4096
    processes: int = 1


def run(target: Target, letters: Sequence[Letter], shape: Shape, name: str) -> Outcome:
    """Send the letters; returns when the last is accepted. Raises `LoadFailed`."""
    jobs = _jobs(target, letters, shape, name)
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in jobs
    ]
    try:
        for child, job in zip(children, jobs, strict=True):
            _tell(child, msgspec.json.encode(job) + b"\n")
        for child in children:
            _hear(child)
        for child in children:
            _tell(child, b"go\n")
        outcomes = [msgspec.json.decode(_hear(child), type=Outcome) for child in children]
    finally:
        for child in children:
            child.kill()
            child.communicate()
    return _sum(outcomes, len(letters))


def _jobs(target: Target, letters: Sequence[Letter], shape: Shape, name: str) -> list[Job]:
    share = max(1, shape.concurrency // shape.processes)
    return [
        Job(
            port=target.port,
            password=target.password,
            concurrency=share,
            per_session=shape.per_session,
            size=shape.size,
            run=name,
            letters=[(x.sender, x.recipient, x.number) for x in letters[part :: shape.processes]],
        )
        for part in range(shape.processes)
    ]


def _tell(child: subprocess.Popen[bytes], line: bytes) -> None:
    assert child.stdin is not None
    child.stdin.write(line)
    child.stdin.flush()


def _hear(child: subprocess.Popen[bytes]) -> bytes:
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise LoadFailed("A load process ended before its time; its words are above.")
    return line


def _sum(outcomes: Sequence[Outcome], expected: int) -> Outcome:
    refusals = [words for outcome in outcomes for words in outcome.refusals]
    accepted = sum(outcome.accepted for outcome in outcomes)
    if refusals or accepted != expected:
        raise LoadFailed(f"Accepted {accepted} of {expected}; replies: {refusals[:3]}")
    return Outcome(
        began=min(outcome.began for outcome in outcomes),
        ended=max(outcome.ended for outcome in outcomes),
        accepted=accepted,
        cpu=sum(outcome.cpu for outcome in outcomes),
        refusals=[],
        sessions=sum(outcome.sessions for outcome in outcomes),
    )
