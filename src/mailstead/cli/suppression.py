"""`mailstead suppression` and `mailstead complaint`: who is not written to, and who complained."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer

from mailstead.cli import options
from mailstead.cli.session import SESSION, Row, now
from mailstead.standards.refusal import Refusal

app = typer.Typer(
    help="Recipients who are not there, to whom nothing is sent.", no_args_is_help=True
)
complaint = typer.Typer(help="Complaints about mail that was sent.", no_args_is_help=True)

Search = Annotated[str, typer.Argument(help="Part of a mailbox's or recipient's address.")]
_ENDED: dict[str, bool | None] = {"held": False, "ended": True, "all": None}


def _row(row: Any) -> Row:
    names = ("recipient", "address", "since", "until", "end", "dsn", "reply")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}


def _found(search: str, which: str) -> Any:
    SESSION.control()
    if which not in _ENDED:
        raise Refusal(
            "which-invalid", "--which is held, ended or all.", remedy="Choose one of them."
        )
    if SESSION.client is not None:
        from mailstead.cli.remote import suppression

        return suppression.suppressions(search, which)
    from mailstead.control.delivery import queries

    return queries.suppressions(SESSION.actor(), search=search, ended=_ENDED[which])


@app.command("list")
def list_(
    search: Search = "",
    which: Annotated[str, typer.Option("--which", help="held, ended or all.")] = "held",
    limit: options.Limit = 20,
) -> None:
    """List recipients whose own servers said twice that they do not exist, the newest first."""
    SESSION.print_rows([_row(row) for row in islice(_found(search, which), limit)])


@app.command("release")
def release(mailbox: str, recipient: str) -> None:
    """Let the mailbox write to the recipient again."""
    pair = (mailbox.lower(), recipient.lower())
    rows = (row for row in _found(pair[1], "held") if (row.address, row.recipient) == pair)
    found = next(rows, None)
    if found is None:
        raise Refusal(
            "suppression-unknown",
            "{mailbox} may write to {recipient}.",
            remedy="List who is not written to: suppression list.",
            mailbox=mailbox,
            recipient=recipient,
        )
    if SESSION.client is not None:
        from mailstead.cli.remote import suppression

        found = suppression.release(found.pk)
    else:
        from mailstead.control.delivery import services

        services.release(actor=SESSION.actor(), now=now(), suppression=found)
    SESSION.done(f"{mailbox} may write to {recipient} again.", _row(found))


@complaint.callback()
def _group() -> None:
    """Complaints about mail that was sent."""


@complaint.command("list")
def complaints(
    search: Annotated[str, typer.Argument(help="Whole address or Message-ID.")] = "",
    limit: options.Limit = 20,
) -> None:
    """List reports that a message was called spam, the newest first."""
    SESSION.control()
    found: Any
    if SESSION.client is not None:
        from mailstead.cli.remote import suppression

        found = suppression.complaints(search)
    else:
        from mailstead.control.delivery import queries

        found = queries.complaints(SESSION.actor(), search=search)
    SESSION.print_rows([_complaint(row) for row in islice(found, limit)])


def _complaint(row: Any) -> Row:
    names = ("received", "kind", "reporter", "recipient", "message_id", "delivery")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}
