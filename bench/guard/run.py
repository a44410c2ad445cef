"""Runs the worlds of many seeds, each through every method, on several cores."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.guard.attacks import ATTACKS
from bench.guard.baselines import BASELINES
from bench.guard.botnet import Botnet
from bench.guard.drive import Found, Stolen, drive
from bench.guard.judge import Judge
from bench.guard.ours import ours
from bench.guard.world import calm, under_attack

CALM = "calm"
OURS = "Mailstead"
Progress = Callable[[int, int], None]

SCENARIOS = {kind.name: kind for kind in ATTACKS}


@dataclass(frozen=True)
class Plan:
    """What is run."""

    seeds: Sequence[int]
    days: int
    """Of a server without an attack."""
    history: int
    """Days before an attack."""
    each: int
    """Accounts of each population on a server without an attack."""
    methods: Sequence[str]
    botnet: Botnet


@dataclass(frozen=True)
class Job:
    """One world."""

    plan: Plan
    scenario: str
    seed: int


@dataclass
class Tally:
    """What one method has shown in all worlds."""

    attacks: dict[str, list[list[Stolen]]] = field(default_factory=dict)
    """By scenario, for each run its attacked mailboxes in the order of their turn."""
    false: Counter[str] = field(default_factory=Counter)
    """By population, on servers without an attack."""
    account_days: dict[str, float] = field(default_factory=dict)
    first_week: int = 0
    slowed: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    beside: int = 0
    """False holds on servers since an attack began, its victims before their turn included."""
    beside_days: float = 0.0
    notes: list[str] = field(default_factory=list)

    def add(self, scenario: str, found: Found, seed: int = 0) -> None:
        """One more world."""
        self.notes += [f"seed {seed}, {scenario}, {note}" for note in found.notes]
        if scenario != CALM:
            self.attacks.setdefault(scenario, []).append(found.stolen)
            self.beside += found.false.total()
            self.beside_days += sum(found.account_days.values())
            return
        self.false += found.false
        self.first_week += found.first_week
        self.slowed += found.slowed
        self.letters += found.letters
        for kind, days in found.account_days.items():
            self.account_days[kind] = self.account_days.get(kind, 0.0) + days


def judge(name: str) -> Judge:
    """A new one of that method."""
    return ours() if name == OURS else BASELINES[name]()


def run(plan: Plan, jobs: int, progress: Progress = lambda done, of: None) -> dict[str, Tally]:
    """All worlds of all seeds; the result does not depend on `jobs`."""
    # The long ones first, so that no core waits for the last.
    work = [Job(plan, CALM, seed) for seed in plan.seeds]
    work += [Job(plan, name, seed) for name in SCENARIOS for seed in plan.seeds]
    tallies = {name: Tally() for name in plan.methods}
    with multiprocessing.Pool(jobs) as pool:
        for number, (job, found) in enumerate(zip(work, pool.imap(one, work), strict=True), 1):
            for name, result in zip(plan.methods, found, strict=True):
                tallies[name].add(job.scenario, result, job.seed)
            progress(number, len(work))
    return tallies


def one(job: Job) -> list[Found]:
    """One world through all methods, in their order."""
    plan = job.plan
    world = (
        calm(job.seed, plan.each, plan.days)
        if job.scenario == CALM
        else under_attack(job.seed, SCENARIOS[job.scenario], plan.history, plan.botnet)
    )
    return drive(world, [judge(name) for name in plan.methods])
