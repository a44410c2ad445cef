"""How much is measured: the full run of `make bench`, and the quick one that shows it works."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.guard import node
from bench.load.run import Shape
from bench.population import Population

ENTRIES = (
    "directory",
    "guard",
    "breached",
    "archives",
    "filters",
    "memory",
    "effect",
    "panel",
    "delivery",
    "outbound",
    "throughput",
    "clean",
)


@dataclass(frozen=True)
class Size:
    """The sizes of one run."""

    population: Population
    messages: int
    """Sent in each run of a workload."""
    rounds: int
    scan_rounds: int
    """Rounds with the spam scan; printed, without a target."""
    trials: int
    """Changes of each kind whose effect is timed."""
    changes: int
    """Changes on top of a built directory."""
    pages: int
    """Times that each page is asked for."""
    log_rows: int
    """Messages in the delivery log before it is measured (`--rows`)."""
    log_events: int
    """Recorded on top of them."""
    leaked: int
    """Hashes in the index of breached passwords (`--hashes`)."""
    strangers: int
    """Other hashes that it is asked about."""
    archived: int
    """Mailboxes in an archive of another panel that is read."""
    rules: int
    """Of other panels' filters, translated."""
    settle: float
    """Seconds of rest before memory is looked at."""
    guard: node.Size
    shape: Shape = field(default_factory=Shape)


FULL = Size(
    population=Population(20_000),
    messages=1_500,
    rounds=5,
    scan_rounds=3,
    trials=20,
    changes=50,
    pages=60,
    log_rows=3_000_000,
    log_events=120_000,
    leaked=100_000_000,
    strangers=200_000_000,
    archived=500,
    rules=20_000,
    settle=30,
    guard=node.FULL,
)
QUICK = Size(
    population=Population(400),
    messages=250,
    rounds=3,
    scan_rounds=1,
    trials=4,
    changes=10,
    pages=10,
    log_rows=50_000,
    log_events=5_000,
    leaked=1_000_000,
    strangers=10_000_000,
    archived=50,
    rules=2_000,
    settle=3,
    guard=node.QUICK,
)
