"""A move, its plan and its report as the command line and programs tell them: with figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailstead.control.moves import words
from mailstead.control.moves.models import Move, PlanRow
from mailstead.control.moves.queries.copies import copies, progress
from mailstead.control.moves.queries.moves import move_numbered
from mailstead.control.moves.queries.parity import report
from mailstead.control.moves.queries.plan import by_domain
from mailstead.control.moves.queries.plan import rows as plan_rows
from mailstead.control.people.actor import Actor


def with_figures(move: Move) -> Move:
    """The same move with `asks`, `percent`, `failed`, and the phase of a change of home."""
    found = progress(list(copies(move)))
    move.asks = plan_rows(move, grade="asks").count()  # type: ignore[attr-defined]
    move.percent, move.failed = found.percent, found.failed  # type: ignore[attr-defined]
    own = move.own if move.origin == "node" else None
    move.phase, move.phase_words = (own.phase, own.words) if own else ("", "")  # type: ignore[attr-defined]
    return move


def move_told(actor: Actor, number: int) -> Move:
    """One of them; raises `Refusal` (`move-unknown`)."""
    return with_figures(move_numbered(actor, number))


def domains_told(move: Move) -> list[dict[str, str | int]]:
    """Its plan by domain, in figures."""
    return [one.told() for one in by_domain(move)]


def rows_told(move: Move, *, grade: str = "", domain: str = "") -> Iterator[PlanRow]:
    """The rows of its plan with `why`."""
    for row in plan_rows(move, grade=grade, domain=domain or None):
        row.why = words.why(row)  # type: ignore[attr-defined]
        yield row


@dataclass(frozen=True)
class _Line:
    about: str
    state: str
    words: str


def report_lines(move: Move) -> list[dict[str, object]]:
    """The parity report, line by line: mailboxes, then forwarders."""
    found = report(move)
    lines = [
        _Line(
            one.copy.address,
            one.state,
            "; ".join(f"{line.kind} {line.source} / {line.target}" for line in one.lines),
        )
        for part in found.parts
        for one in part.compared
    ]
    lines += [
        _Line(one.row.subject, one.state, one.answer) for part in found.parts for one in part.looked
    ]
    return [{"about": one.about, "state": one.state, "words": one.words} for one in lines]
