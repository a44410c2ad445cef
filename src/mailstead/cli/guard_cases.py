"""`mailstead guard cases`, `release` and `confirm`: stolen mailboxes and what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailstead.cli import options
from mailstead.cli.session import SESSION, Row, now
from mailstead.standards.refusal import Refusal

if TYPE_CHECKING:
    from mailstead.control.protection import services

STATES = ("now", "open", "released", "confirmed", "closed", "watched", "all")
Which = Annotated[str, typer.Argument(help="Number of the case, or the mailbox's address.")]
Reason = Annotated[str, typer.Option(help="Why; stands in the audit trail.")]


def cases(
    search: Annotated[str, typer.Argument(help="Part of a mailbox's address.")] = "",
    state: Annotated[
        str,
        typer.Option(help="now (need somebody), open, released, confirmed, closed, watched, all."),
    ] = "now",
    limit: options.Limit = 50,
) -> None:
    """List mailboxes that looked stolen on any server, the newest first."""
    SESSION.control()
    from mailstead.cli.door import cases as queries

    if state not in STATES:
        raise Refusal(
            "state-unknown",
            "There is no state {state}.",
            remedy="Give one of those that --help names.",
            state=ascii(state[:40]),
        )
    rows = queries.cases(SESSION.actor(), state="" if state == "all" else state, search=search)
    SESSION.print_rows([_row(row) for row in rows[:limit]])


def release(
    case: Which,
    send_all: Annotated[
        bool, typer.Option("--send-all", help="Send all mail that is held for it.")
    ] = False,
    delete_all: Annotated[
        bool, typer.Option("--delete-all", help="Delete all of it for ever.")
    ] = False,
    reason: Reason = "",
) -> None:
    """It was the owner: let the mailbox send again; what is not decided stays held."""
    if send_all and delete_all:
        raise Refusal(
            "decision-twice", "Held mail is either sent or deleted.", remedy="Choose one of them."
        )
    row = _found(case)
    from mailstead.cli.door import case_acts

    others: services.Decision | None = "send" if send_all else "delete" if delete_all else None
    case_acts.release(actor=SESSION.actor(), now=now(), case=row, others=others, reason=reason)
    SESSION.done(f"{row.address} sends again.", _row(_found(str(row.pk))))


def confirm(case: Which, reason: Reason = "") -> None:
    """It was stolen: the mailbox sends nothing until it is released."""
    row = _found(case)
    from mailstead.cli.door import case_acts

    case_acts.confirm(actor=SESSION.actor(), now=now(), case=row, reason=reason)
    SESSION.done(f"{row.address} sends nothing until it is released.", _row(_found(str(row.pk))))


def _found(case: str) -> Any:
    SESSION.control()
    from mailstead.cli.door import cases as queries

    if case.isascii() and case.isdigit() and len(case) < 19:
        return queries.case_numbered(SESSION.actor(), int(case))
    return queries.newest_case(SESSION.actor(), case)


def _row(row: Any) -> Row:
    names = ("server", "step", "state", "opened", "messages", "recipients", "waiting")
    return {
        "number": row.pk,
        "mailbox": row.address,
        **{name: getattr(row, name) for name in names},
        # Of another server only the company is told.
        "evidence": None if row.nats is None else f"{row.nats:.1f} of {row.bound:.1f}",
        "answered_by": row.decided_by,
        "reason": row.reason,
    }
