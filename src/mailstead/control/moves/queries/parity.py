"""The parity report of a move: each row of the plan, the counts, and each forwarder's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from mailstead.control.feed import queries as feed
from mailstead.control.feed.models import FeedRow
from mailstead.control.hosting import queries as hosting
from mailstead.control.moves import parity
from mailstead.control.moves.models import Copy, Move, PlanRow
from mailstead.control.moves.parity import Line, State
from mailstead.standards.refusal import Refusal
from mailstead.wire.moves import FolderCount


@dataclass(frozen=True)
class Compared:
    """One mailbox, counted at both ends."""

    copy: Copy
    lines: Sequence[Line]
    state: State


@dataclass(frozen=True)
class Looked:
    """One forwarder, asked of the directory."""

    row: PlanRow
    answer: str
    state: State


@dataclass
class Part:
    """One domain of the report; the account's own things have no domain."""

    domain: str
    rows: list[PlanRow] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    looked: list[Looked] = field(default_factory=list)

    @property
    def state(self) -> State:
        """The worst of it."""
        found: list[State] = [state_of(row) for row in self.rows]
        found += [one.state for one in self.compared] + [one.state for one in self.looked]
        return parity.worst(found)


@dataclass(frozen=True)
class Report:
    """All of it."""

    parts: Sequence[Part]
    node_is_fresh: bool
    """The node answers as of everything that was told to it."""

    @property
    def state(self) -> State:
        """The worst of it."""
        return parity.worst(part.state for part in self.parts)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows came, came with a difference, did not come, or wait."""
        found = {"carried": 0, "differs": 0, "refused": 0, "failed": 0, "waiting": 0}
        for part in self.parts:
            for row in part.rows:
                found[_outcome(row)] += 1
        return found


def _outcome(row: PlanRow) -> str:
    if row.outcome == "failed":
        return "failed"
    if row.grade in ("refused", "asks"):
        return "refused"
    return row.grade if row.outcome else "waiting"


def state_of(row: PlanRow) -> State:
    """How a row of the plan has ended."""
    states: dict[str, State] = {"failed": "bad", "waiting": "waiting", "carried": "good"}
    return states.get(_outcome(row), "differs")


def report(move: Move) -> Report:
    """Of a move that was fetched through the actor."""
    parts: dict[str, Part] = {}
    for row in PlanRow.objects.filter(move=move).order_by("number"):
        parts.setdefault(row.domain, Part(row.domain)).rows.append(row)
    for copy in Copy.objects.filter(move=move).order_by("address", "pk"):
        name = copy.address.rpartition("@")[2]
        parts.setdefault(name, Part(name)).compared.append(compared(copy))
    for part in parts.values():
        part.looked += [looked(row) for row in part.rows if _answers(row)]
    return Report(list(parts.values()), _fresh(move))


def _answers(row: PlanRow) -> bool:
    return row.kind in ("forwarder", "list") and row.outcome in ("made", "present")


def compared(copy: Copy) -> Compared:
    """One copy's counts, as far as there are any."""
    if not copy.counted_round:
        state: State = "bad" if copy.state == "failed" and copy.due_at is None else "waiting"
        return Compared(copy, (), state)
    source = msgspec.convert(copy.source_count, tuple[FolderCount, ...])
    target = msgspec.convert(copy.target_count, tuple[FolderCount, ...])
    lines = parity.compare(source, target, kept=copy.uids_kept)
    return Compared(copy, lines, parity.worst(line.state for line in lines))


def looked(row: PlanRow) -> Looked:
    """Where mail for a forwarder's address ends, by the same rules as the node's directory.

    As after the switch: until then all of it is passed on to the old server.
    """
    try:
        found = hosting.explain(row.subject, served=True)
    except Refusal as refusal:
        return Looked(row, refusal.words, "bad")
    ends = sorted({*found.stored, *found.sent})
    answer = ", ".join(ends) or (found.refused and f"550 {found.refused}") or "discarded"
    return Looked(row, answer[:400], "good" if _as_planned(row, found) else "bad")


def _as_planned(row: PlanRow, found: hosting.Outcome) -> bool:
    """Whether each destination of the plan is reached, directly or by way of another."""
    if row.kind == "list":
        return bool(found.sent or found.stored)
    _, _, made = row.makes.partition(": ")
    action, _, ends = made.partition(" ")
    if action == "fail":
        return bool(found.refused)
    if action == "blackhole":
        return found.dropped
    passed = {step.address for step in found.steps} | found.sent | found.stored
    return all(one.strip().lower() in {p.lower() for p in passed} for one in ends.split(",") if one)


def _fresh(move: Move) -> bool:
    if move.server is None:
        return False
    head = feed.head(move.server.name)
    newest = FeedRow.objects.filter(server=move.server.name).order_by("-number").first()
    return head is not None and (newest is None or head.acked >= newest.number)
