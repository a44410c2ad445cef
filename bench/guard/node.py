"""The guard on a node: how fast it judges, how soon it answers, how much it remembers of a mailbox.

*Judged*: days of simulated mailboxes are recorded and given to a fresh detector, in one process and
without sockets; the last third is timed, when mailboxes have habits. *Answers*: the guard as a
process, as a node runs it, asked by many connections at a steady pace that does not wait for
answers (bench/guard/asking.py). *State*: its file, with profiles as the simulated mailboxes have
them after months, each written for many mailboxes.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.guard.asking import Question, ask
from bench.guard.directory import written
from bench.guard.rate import wait_until_it_listens
from bench.guard.recorded import Heard, later, lived, tell
from bench.machine import percentile
from bench.population import Population
from bench.report import Figure
from mailstead.home import Home
from mailstead.mailplane.guard.acts import Submission
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.profile import DAY, Record

HOME = "ms-gn"
JUDGED_AT_LEAST = 20_000.0
ANSWER_AT_MOST = 2.0
"""Milliseconds."""
STATE_AT_MOST = 2_048.0
"""Octets a mailbox."""
MODEST = 10_000
"""Mailboxes below which the file's first pages would be counted as theirs: no target is claimed."""
WEEK = 7 * DAY
_CHUNK = 5_000
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    each: int = 3
    """Simulated accounts of each population."""
    days: int = 60
    mailboxes: int = 200_000
    connections: int = 1_000
    rate: int = 200
    """Messages a second: more than Postfix hands in on the same two processors."""
    seconds: int = 30


FULL = Size()
QUICK = Size(each=1, days=12, mailboxes=20_000, connections=200, rate=200, seconds=5)


def measure(work: Path, size: Size, progress: Progress) -> list[Figure]:
    """All three; raises `HostFailed`."""
    progress(f"living {size.days} days of simulated mailboxes")
    heard = lived(size.each, size.days)
    progress("judging what they did")
    return [*judged(heard), *_process(work, size, heard, progress)]


def judged(heard: list[Heard]) -> list[Figure]:
    """What a fresh detector does in a second of processor time."""
    detector = Detector()
    begin = len(heard) * 2 // 3
    for one in heard[:begin]:
        tell(detector, one)
    spent = 0
    submissions = 0
    clock = time.thread_time_ns
    began = clock()
    for one in heard[begin:]:
        if isinstance(one, Submission):
            start = clock()
            detector.examine(one)
            spent += clock() - start
            submissions += 1
        else:
            tell(detector, one)
    whole = (clock() - began) / 1e9
    others = len(heard) - begin - submissions
    detail: dict[str, object] = {
        "mailboxes": len(detector.records),
        "submissions": submissions,
        "other_acts": others,
    }
    return [
        Figure(
            "guard",
            "submissions judged in a second of one core",
            submissions / (spent / 1e9),
            "/s",
            at_least=JUDGED_AT_LEAST,
            detail=detail,
        ),
        Figure(
            "guard",
            "acts of all kinds weighed in a second of one core (log-ins, contents, outcomes too)",
            (submissions + others) / whole,
            "/s",
            detail=detail,
        ),
    ]


def _process(work: Path, size: Size, heard: list[Heard], progress: Progress) -> list[Figure]:
    home = Home(work / HOME)
    shutil.rmtree(home.root, ignore_errors=True)
    population = Population(size.mailboxes // 5)
    try:
        written(home, population.all_domains())
        progress(f"writing the profiles of {population.mailboxes:,} mailboxes")
        questions = _remembered(home, population, heard)
        octets = home.guard_profiles.stat().st_size / population.mailboxes
        lots = random.Random(1)
        asked = [lots.choice(questions) for _ in range(size.rate * size.seconds)]
        progress(f"asking {size.rate} times a second over {size.connections:,} connections")
        words = ["--home", str(home.root), "--pages", "https://bench.example/help/"]
        guard = subprocess.Popen(
            [sys.executable, "-m", "mailstead.mailplane.guard", *words, "--mode", "hold"],
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until_it_listens(home.guard_socket)
            idle = _resident(guard.pid)
            found = ask(home.guard_socket, asked, size.connections, size.rate)
            resident = _resident(guard.pid)
        finally:
            guard.terminate()
            guard.wait(20)
    finally:
        shutil.rmtree(home.root, ignore_errors=True)
    times = [1000 * one for one in found.seconds]
    where = f"answer to DATA, {size.connections:,} connections, {size.rate} messages/s"
    detail: dict[str, object] = {
        "messages": len(times),
        "mailboxes": population.mailboxes,
        "answers": found.answers,
        "late_s": round(found.late, 4),
    }
    claims = population.mailboxes >= MODEST
    return [
        Figure("guard", f"{where}, p50", percentile(times, 0.5), "ms", detail=detail),
        Figure("guard", f"{where}, p99", percentile(times, 0.99), "ms", at_most=ANSWER_AT_MOST),
        Figure("guard", f"{where}, worst", max(times), "ms"),
        Figure(
            "guard",
            f"profiles.db, a mailbox, {population.mailboxes:,} mailboxes",
            octets,
            "octets",
            at_most=STATE_AT_MOST if claims else None,
        ),
        Figure(
            "guard",
            "memory of the process afterwards",
            resident,
            "MB RSS",
            detail={"at_start": round(idle, 1)},
        ),
    ]


def _remembered(home: Home, population: Population, heard: list[Heard]) -> list[Question]:
    """Write a profile for each mailbox; returns what each will ask: its last message once more."""
    now = time.time()
    # The newest act was yesterday or within the week before it, at its hour of its day.
    ahead = (now - DAY - heard[-1].at) // WEEK * WEEK
    detector = Detector()
    last: dict[str, Submission] = {}
    for one in later(heard, ahead):
        tell(detector, one)
        if isinstance(one, Submission):
            seen = detector.records[one.mailbox].place(detector.networks.place(one.client))
            if one.mailbox not in last or (seen is not None and seen.mature(now)):
                last[one.mailbox] = one
    lives = [(detector.records[name].encode(), one) for name, one in last.items()]
    memory = Memory(home.guard_profiles)
    filled = Detector()
    questions = []
    for number, address in enumerate(population.all_addresses()):
        raw, one = lives[number % len(lives)]
        filled.records[address] = Record.decode(raw)
        filled.changed.add(address)
        questions.append(Question(address, one.client, one.helo, one.recipients))
        if len(filled.changed) >= _CHUNK:
            memory.keep(filled, now)
    memory.keep(filled, now)
    memory.close()
    return questions


def _resident(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    return 0.0
