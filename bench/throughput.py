"""Messages a second through whole hosts, as ratios: every variant has its turn in every round.

A run is over when the queue is empty and Postfix's log shows each message as delivered. Variants
take turns (A B C, then C B A, …), so that a disk or a machine that changes its pace meets all of
them; a ratio is the median of the rounds' own ratios, not a ratio of medians.
"""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.host import Deliveries, Host, target, wait_until_drained
from bench.load.run import Shape, run
from bench.machine import median
from bench.population import Population, traffic
from bench.report import Figure

WORKLOADS = ("submission", "inbound")
WARM_UP = 9_999
"""Round number of the messages that are sent before anything is counted."""


@dataclass(frozen=True)
class Plan:
    """How much is sent."""

    population: Population
    shape: Shape
    messages: int
    """In each run."""
    rounds: int


@dataclass
class Samples:
    """Rates by (workload, variant), one value a round; messages a second."""

    accepted: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    delivered: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    generator: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    """Cores' worth of processor time that the load generator took."""

    def ratio(self, workload: str, ours: str, base: str) -> tuple[float, list[float]]:
        """Delivered by `ours` over delivered by `base`: the median and every round's."""
        rounds = [
            a / b
            for a, b in zip(
                self.delivered[workload, ours], self.delivered[workload, base], strict=True
            )
        ]
        return median(rounds), rounds

    def accepted_ratio(self, workload: str, ours: str, base: str) -> float:
        return median(
            [
                a / b
                for a, b in zip(
                    self.accepted[workload, ours], self.accepted[workload, base], strict=True
                )
            ]
        )


def measure(hosts: Sequence[Host], plan: Plan, progress: Callable[[str], None]) -> Samples:
    """All rounds of all workloads on all hosts; raises `HostFailed`, `LoadFailed`."""
    samples = Samples()
    for host in hosts:
        ask_no_names(host)
    for workload in WORKLOADS:
        for host in hosts:
            progress(f"warming up {host.name}, {workload}")
            _one(host, workload, plan, WARM_UP, max(plan.messages // 4, 20), Samples())
    for number in range(plan.rounds):
        for workload in WORKLOADS:
            # Back and forth, so that nobody always follows the same neighbour.
            for host in hosts if number % 2 == 0 else reversed(hosts):
                _one(host, workload, plan, number, plan.messages, samples)
                key = (workload, host.name)
                progress(
                    f"round {number + 1} of {plan.rounds}, {workload}, {host.name}: "
                    f"accepted {samples.accepted[key][-1]:.0f}/s, "
                    f"delivered {samples.delivered[key][-1]:.0f}/s"
                )
    return samples


def _one(
    host: Host, workload: str, plan: Plan, number: int, messages: int, samples: Samples
) -> None:
    letters = traffic(
        plan.population,
        messages,
        seed=number * 10 + WORKLOADS.index(workload),
        inside=workload == "submission",
    )
    deliveries = Deliveries(host)
    name = f"{host.name}.{workload}.{number}"
    outcome = run(target(host, workload), letters, plan.shape, name)
    drained = wait_until_drained(host)
    deliveries.check(messages)
    taken = outcome.ended - outcome.began
    samples.accepted[workload, host.name].append(messages / taken)
    samples.delivered[workload, host.name].append(messages / (drained - outcome.began))
    samples.generator[workload, host.name].append(outcome.cpu / taken)


def rates(samples: Samples, names: Sequence[str]) -> list[Figure]:
    """The rates themselves: of this machine only, hence without targets."""
    figures = []
    for workload in WORKLOADS:
        for name in names:
            key = (workload, name)
            for what, values in (
                ("delivered", samples.delivered[key]),
                ("accepted", samples.accepted[key]),
            ):
                figures.append(
                    Figure(
                        "throughput",
                        f"{workload}, {name}: {what}",
                        median(values),
                        "msg/s",
                        detail={
                            "rounds": _rounded(values),
                            "generator_cores": round(median(samples.generator[key]), 2),
                        },
                    )
                )
    return figures


def ratios(
    samples: Samples, ours: str, base: str, words: str, targets: dict[str, float]
) -> list[Figure]:
    """Ours ÷ base for both workloads; `targets` by workload."""
    figures = []
    for workload in WORKLOADS:
        value, rounds = samples.ratio(workload, ours, base)
        figures.append(
            Figure(
                "throughput",
                f"{workload}, delivered: {words}",
                value,
                at_least=targets.get(workload),
                detail={
                    "rounds": _rounded(rounds),
                    "accepted_ratio": round(samples.accepted_ratio(workload, ours, base), 3),
                },
            )
        )
    return figures


def ask_no_names(host: Host) -> None:
    """No look-up of the clients' names, until the host's files are rendered anew.

    A resolver that loses one question in a burst holds twenty sessions up for five seconds: at
    random a run would take three times as long, whatever the host can do.
    """
    config = str(host.config)
    subprocess.run(["postconf", "-c", config, "-e", "smtpd_peername_lookup=no"], check=True)
    subprocess.run(["postfix", "-c", config, "reload"], capture_output=True, check=True)


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 3) for value in values]
