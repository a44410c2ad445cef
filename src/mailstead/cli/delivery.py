"""`mailstead delivery`: what became of messages, in words."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mailstead.cli import options
from mailstead.cli.session import SESSION, moment, now

app = typer.Typer(help="What became of messages, for 30 days.", no_args_is_help=True)


@app.command("list")
def list_(
    search: Annotated[
        str, typer.Argument(help="A whole address, Message-ID, subject or number in the queue.")
    ] = "",
    limit: options.Limit = 50,
    since: Annotated[
        str | None, typer.Option(help="Messages that came then or later, as 2026-12-24T18:00.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Then or earlier.")] = None,
    state: Annotated[str, typer.Option(help="One state, as deferred or bounced.")] = "",
    trouble: Annotated[
        bool, typer.Option("--trouble", help="Only what did not go its way.")
    ] = False,
    cause: Annotated[str, typer.Option(help="One class of failures, as full.")] = "",
    domain: Annotated[str, typer.Option(help="A domain here; of others, mail in trouble.")] = "",
) -> None:
    """Say what became of messages for each recipient, the newest first."""
    SESSION.control()
    from mailstead.cli.door import deliveries as queries

    rows = queries.deliveries(
        SESSION.actor(),
        search=search,
        since=moment(since),
        until=moment(until),
        state="trouble" if trouble else state,
        cause=cause,
        domain=domain,
    )
    SESSION.print_rows([_row(one) for one in rows[:limit]])


@app.command("show")
def show(number: int) -> None:
    """Show each attempt for each recipient of a message; NUMBER stands in the list."""
    SESSION.control()
    from mailstead.cli.door import deliveries as queries
    from mailstead.cli.door import words

    actor = SESSION.actor()
    found = queries.delivery_numbered(actor, number)
    ways = queries.names_of_ways(actor)
    SESSION.print_rows(
        [
            {
                "recipient": row.recipient or row.original,
                "at": one.at,
                "outcome": one.outcome,
                "words": words.tell_of(one, now()).sentence,
                "left_by": words.way_words(one.source, ways),
                "relay": one.relay,
                "dsn": one.dsn,
                "reply": one.reply,
                "next_try": one.next_try,
            }
            for row in queries.recipients_of(actor, found)
            for one in queries.attempts_of(row)
        ]
    )


def _row(row: Any) -> dict[str, Any]:
    from mailstead.cli.door import words

    told = words.tell_of(row, now())
    return {
        "number": row.pk,
        "at": row.at,
        "sender": row.sender,
        "recipient": row.recipient or row.original,
        "state": row.state,
        "cause": row.cause,
        "words": told.sentence,
        "advice": told.advice,
        "reply": row.reply,
        "next_try": row.next_try,
    }
