"""Runs the benchmarks that were asked for, one after the other, and gathers their figures.

What needs ours shares one instance with the whole population in it; a benchmark that fails is told
with its reason and does not stop the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import (
    archives,
    breached,
    clean,
    deliveries,
    directory,
    effect,
    filters,
    memory,
    outbound,
    panel,
    throughput,
)
from bench.baseline import bare, equipped
from bench.driver import Command
from bench.guard import node, rate, submission
from bench.host import Host, HostFailed
from bench.load.run import LoadFailed
from bench.ours import Driver, Ours, driver, ours
from bench.pgsql import database_server, pgsql
from bench.plan import Size
from bench.report import Figure

Progress = Callable[[str], None]
_OURS = {"memory", "effect", "panel", "throughput"}
BARE_TARGETS = {"submission": 0.95, "inbound": 0.97}
PGSQL_TARGETS = {"submission": 1.3, "inbound": 1.3}


@dataclass
class Run:
    """One run: what is asked, what has been found so far."""

    names: Collection[str]
    size: Size
    work: Path
    out: Path
    """Where logs of the run stay."""
    progress: Progress
    figures: list[Figure] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)

    def all(self) -> None:
        """Everything that was asked for."""
        self._describe()
        if "directory" in self.names:
            self._entry("directory", self._directory)
        if "guard" in self.names:
            self._entry("guard", self._guard)
        if "breached" in self.names:
            self._entry("breached", self._breached)
        if "archives" in self.names:
            self._entry("archives", self._archives)
        if "filters" in self.names:
            self._entry("filters", self._filters)
        if _OURS & set(self.names):
            self._entry("ours", self._with_ours)
        if "panel" in self.names:
            self._entry("panel", self._panel_on_postgresql)
        if "delivery" in self.names:
            self._entry("delivery", self._deliveries)
            self._entry("outbound", self._outbound)
        if "clean" in self.names:
            self._entry("clean", self._clean)

    def _entry(self, name: str, measure: Callable[[], None]) -> None:
        try:
            measure()
        except (HostFailed, LoadFailed, OSError, TimeoutError) as error:
            self.failures[name] = str(error) or type(error).__name__
            self.progress(f"{name} failed: {self.failures[name]}")

    def _describe(self) -> None:
        size, shape = self.size, self.size.shape
        self.conditions["load"] = (
            f"{shape.concurrency} sessions at once, {shape.per_session} messages of "
            f"{shape.size:,} octets in each session, {size.messages:,} messages in each run, "
            f"{size.rounds} rounds by turns; every session from a client address of its own"
        )
        self.conditions["population"] = (
            f"{size.population.mailboxes:,} mailboxes in {size.population.domains:,} domains for "
            "every variant; four messages in five go to an active 2 % of them, one to any"
        )
        self.conditions["machine at the start"] = f"load average {os.getloadavg()[0]:.2f}"

    def _directory(self) -> None:
        self.progress("building a directory from a snapshot")
        # A build takes seconds where the engines' figures take minutes: ten times the quick size.
        domains = max(self.size.population.domains, 2_000)
        population = type(self.size.population)(domains)
        self.figures += directory.measure(self.work, population, self.size.changes)

    def _guard(self) -> None:
        self.progress("asking the guard")
        size = self.size
        self.figures += rate.measure(self.work, 10 * size.messages)
        self.figures += node.measure(self.work, size.guard, self.progress)
        self.progress("submitting with the guard and without")
        self.figures += submission.measure(
            self.work, size.shape, size.messages, size.rounds, self.progress
        )

    def _breached(self) -> None:
        size = self.size
        self.figures += breached.measure(self.work, size.leaked, self.progress, size.strangers)

    def _archives(self) -> None:
        self.figures += archives.measure(self.work, self.size.archived, self.progress)

    def _filters(self) -> None:
        self.progress("translating filters of other panels")
        self.figures += filters.measure(self.size.rules)

    def _with_ours(self) -> None:
        self.progress("starting ours")
        with ours(self.work) as host:
            with driver(host) as control:
                self._populate(control)
                if "memory" in self.names:
                    self._entry("memory", lambda: self._memory(host))
                if "effect" in self.names:
                    self._entry("effect", lambda: self._effect(host, control))
            if "panel" in self.names:
                self._entry("panel", lambda: self._panel(host, "SQLite"))
            if "throughput" in self.names:
                self._entry("throughput", lambda: self._throughput(host))

    def _populate(self, control: Driver) -> None:
        population = self.size.population
        self.progress(f"making {population.mailboxes:,} mailboxes in ours")
        control.do(Command(do="populate", domains=population.domains))
        control.wait_until_applied()

    def _memory(self, host: Ours) -> None:
        self.progress("looking at the idle node's memory")
        # Started anew: what filling the directory has left in the heaps is not an idle node's.
        host.down()
        host.up()
        self.figures += memory.measure(host.supervisor(), self.size.settle)

    def _effect(self, host: Ours, control: Driver) -> None:
        self.progress("timing the effect of changes")
        self.figures += effect.measure(host, control, self.size.population, self.size.trials)

    def _panel(self, host: Ours, database: str) -> None:
        self.progress(f"timing the panel's pages on {database}")
        size = self.size
        self.figures += panel.measure(host, size.population, size.pages, database)

    def _panel_on_postgresql(self) -> None:
        self.progress("starting ours on PostgreSQL")
        with (
            database_server(self.work) as url,
            ours(self.work, url) as host,
            driver(host) as control,
        ):
            self._populate(control)
            self._panel(host, "PostgreSQL")

    def _throughput(self, host: Ours) -> None:
        size = self.size
        with ExitStack() as stack:
            self.progress("starting the baselines")
            stripped = stack.enter_context(bare(self.work))
            others: Sequence[Host] = (
                stripped,
                stack.enter_context(equipped(self.work)),
                stack.enter_context(pgsql(self.work, size.population)),
            )
            host.restart(scan=False)
            hosts = (*others, host)
            plan = throughput.Plan(size.population, size.shape, size.messages, size.rounds)
            samples = throughput.measure(hosts, plan, self.progress)
            self._ratios(samples, [one.name for one in hosts])
            host.restart(scan=True)
            plan = throughput.Plan(size.population, size.shape, size.messages, size.scan_rounds)
            samples = throughput.measure((stripped, host), plan, self.progress)
            self.figures += throughput.ratios(samples, host.name, "bare", "ours+scan ÷ bare", {})
            self.figures += throughput.rates(samples, [host.name])

    def _ratios(self, samples: throughput.Samples, names: Sequence[str]) -> None:
        for base, words, targets in (
            ("bare", "ours ÷ bare (static maps, no quota, no Sieve)", BARE_TARGETS),
            ("equipped", "ours ÷ static maps with quota and Sieve", BARE_TARGETS),
            ("pgsql", "ours ÷ the same on PostgreSQL maps", PGSQL_TARGETS),
        ):
            self.figures += throughput.ratios(samples, "ours", base, words, targets)
        self.figures += throughput.rates(samples, names)

    def _deliveries(self) -> None:
        size = self.size
        self.progress(f"filling the delivery log with {size.log_rows:,} messages")
        self.figures += deliveries.measure(
            self.work, size.log_rows, size.log_events, trials=size.pages
        )

    def _outbound(self) -> None:
        size = self.size
        self.figures += outbound.measure(self.work, size.messages, size.rounds + 2, self.progress)

    def _clean(self) -> None:
        self.progress("making a clean machine and running 'make up' on it")
        self.figures += clean.measure(self.work, self.out / "clean.log")
