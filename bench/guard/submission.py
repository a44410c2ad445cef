"""Authenticated submission that the guard is asked about ÷ the same node that does not ask it.

One instance of ours. Postfix's restrictions that ask the guard are taken out and put in again by
turns, so both run on the same queue, disk and minute; *off* is the guard in mode "off", which
counts messages and does not look for stolen mailboxes. The senders have habits: weeks of mail from
where the load comes, as the guard remembers it. Nothing may be put off, held or refused.
"""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.driver import Command
from bench.guard.rate import wait_until_it_listens
from bench.host import Deliveries, HostFailed, target, wait_until_drained
from bench.load.run import Shape, run
from bench.machine import median
from bench.ours import Ours, driver, ours
from bench.population import Letter, Population, traffic
from bench.report import Figure
from bench.throughput import ask_no_names
from mailstead.mailplane.guard.acts import SignIn, Submission
from mailstead.mailplane.guard.case_store import CaseStore
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.profile import DAY, HOUR, Record

TARGET = 0.95
DOMAINS = 400
"""A small directory: what the whole of it costs is the throughput benchmark's affair. So many that
nobody sends more than a person would."""
HABIT_DAYS = 30
CLIENT, HELO = "127.64.0.1", "load.example"
"""As the load generator's sessions come."""
_KEYS = ("submission_recipient_restrictions", "submission_data_restrictions")
_ASKS = "check_policy_service"
Progress = Callable[[str], None]


def measure(
    work: Path, shape: Shape, messages: int, rounds: int, progress: Progress
) -> list[Figure]:
    """Both ratios and the rates; raises `HostFailed`, `LoadFailed`."""
    population = Population(DOMAINS)
    with ours(work, scan=False) as host:
        with driver(host) as control:
            control.do(Command(do="populate", domains=population.domains))
            control.wait_until_applied()
        _give_habits(host, population)
        load = _Load(host, population, shape, messages)
        rates: dict[str, list[float]] = {"without": [], "hold": [], "off": []}
        _as_guarded(host, "hold")
        questions = _Questions(host)
        load.round(warm_up=True)
        for number in range(rounds):
            for name in ("without", "hold") if number % 2 else ("hold", "without"):
                questions.ask(name == "hold")
                rates[name].append(load.round())
                progress(f"round {number + 1} of {rounds}, {name}: {rates[name][-1]:.0f}/s")
        again: list[float] = []
        mode = ""
        # A mode changes by a new start of the instance: as seldom as may be, and warm again.
        for number in range(rounds):
            for name in ("off", "hold") if number % 2 else ("hold", "off"):
                if name != mode:
                    _as_guarded(host, name)
                    load.round(warm_up=True)
                    mode = name
                (rates["off"] if name == "off" else again).append(load.round())
                progress(f"round {number + 1} of {rounds}, mode {name}")
        _nothing_held(host)
    return [
        _ratio("submission with the guard ÷ without", rates["hold"], rates["without"], TARGET),
        _ratio("submission with the guard, mode hold ÷ mode off", again, rates["off"]),
        *(
            Figure("guard", f"submission delivered, {name}", median(values), "msg/s")
            for name, values in rates.items()
        ),
    ]


def _ratio(what: str, these: list[float], those: list[float], least: float | None = None) -> Figure:
    ratios = [a / b for a, b in zip(these, those, strict=True)]
    detail: dict[str, object] = {"rounds": [round(one, 3) for one in ratios]}
    return Figure("guard", what, median(ratios), at_least=least, detail=detail)


class _Load:
    """Rounds of the same kind of mail, each with letters of its own."""

    def __init__(self, host: Ours, population: Population, shape: Shape, messages: int) -> None:
        self._host, self._population = host, population
        self._shape, self._messages = shape, messages
        self._numbers = itertools.count()

    def round(self, *, warm_up: bool = False) -> float:
        """Messages delivered in a second, until the queue is empty."""
        number = next(self._numbers)
        count = self._messages // 4 if warm_up else self._messages
        letters = _letters(self._population, self._shape.per_session, count, number)
        deliveries = Deliveries(self._host)
        outcome = run(target(self._host, "submission"), letters, self._shape, f"guard.{number}")
        drained = wait_until_drained(self._host)
        deliveries.check(count)
        return count / (drained - outcome.began)


def _letters(population: Population, each: int, count: int, seed: int) -> list[Letter]:
    """The mailboxes take turns, a session of `each` messages long."""
    first = seed * count // each
    return [
        replace(one, sender=population.address((first + one.number // each) % population.mailboxes))
        for one in traffic(population, count, seed, inside=True)
    ]


def _give_habits(host: Ours, population: Population) -> None:
    """Each mailbox has read and written from there for weeks, half of it to new people."""
    now = time.time()
    begin = now - HABIT_DAYS * DAY
    detector = Detector()
    one = population.address(0)
    detector.opened(one, begin)
    for day in range(HABIT_DAYS):
        _a_day(detector, one, begin + day * DAY, day)
    habits = detector.records[one].encode()
    host.down()
    memory = Memory(host.home.guard_profiles)
    for address in population.all_addresses():
        detector.records[address] = Record.decode(habits)
        detector.changed.add(address)
    memory.keep(detector, now)
    memory.close()


def _a_day(detector: Detector, mailbox: str, at: float, day: int) -> None:
    detector.note(SignIn(at, mailbox, "imap", CLIENT))
    for number in range(6):
        new = tuple(f"p{day}.{number}.{one}@far.example" for one in range(3))
        known = tuple(f"friend{one}@far.example" for one in range(3))
        moment = at + (number + 1) * HOUR / 10
        detector.examine(
            Submission(moment, mailbox, CLIENT, HELO, mailbox, new + known, 4096, f"{day}.{number}")
        )


def _as_guarded(host: Ours, mode: str) -> None:
    """Start anew in that mode."""
    host.restart(scan=False, more=f'[guard]\nmode = "{mode}"\n')
    wait_until_it_listens(host.home.guard_socket)
    ask_no_names(host)


class _Questions:
    """What Postfix asks the guard; taken out and put in again."""

    def __init__(self, host: Ours) -> None:
        """Raises `HostFailed` when it asks nothing."""
        self._host = host
        self._asking = {key: _postconf(host, "-h", key).strip() for key in _KEYS}
        self._silent = {key: without_asking(value) for key, value in self._asking.items()}
        if self._silent == self._asking:
            raise HostFailed("Postfix does not ask the guard at all.")

    def ask(self, yes: bool) -> None:
        """From now on, or not; Postfix starts its processes anew either way."""
        rows = self._asking if yes else self._silent
        _postconf(self._host, "-e", *(f"{key}={value}" for key, value in rows.items()))
        words = ["postfix", "-c", str(self._host.config), "reload"]
        subprocess.run(words, capture_output=True, check=True)


def without_asking(value: str) -> str:
    """A list of restrictions without those that ask a policy service."""
    kept, depth, word = [], 0, ""
    for letter in f"{value},":
        depth += (letter == "{") - (letter == "}")
        if letter == "," and not depth:
            kept.append(word.strip())
            word = ""
        else:
            word += letter
    return ", ".join(one for one in kept if one and not one.startswith(_ASKS))


def _postconf(host: Ours, *words: str) -> str:
    return subprocess.run(
        ["postconf", "-c", str(host.config), *words], capture_output=True, text=True, check=True
    ).stdout


def _nothing_held(host: Ours) -> None:
    """Raises `HostFailed` when somebody was taken for a thief: the ratio would be of less work."""
    cases = CaseStore.reading(host.home.guard_cases)
    try:
        found = cases.cases(1)
    finally:
        cases.close()
    if found:
        raise HostFailed(f"{found[0].mailbox} was taken for stolen: {found[0].clues[:3]}")
