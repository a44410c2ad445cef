"""`mailstead reputation`: whether public lists name our addresses, and how receivers answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Annotated

import typer

from mailstead.cli import options
from mailstead.cli.session import SESSION
from mailstead.home import Home

app = typer.Typer(help="DNS lists that name us, and how receivers answer.", no_args_is_help=True)


@app.command("list")
def list_(
    limit: options.Limit = 50,
    past: Annotated[bool, typer.Option("--past", help="Those that have ended, too.")] = False,
) -> None:
    """List the entries that the nodes have found, what is there now first."""
    SESSION.refuse_server()
    SESSION.control()
    from mailstead.control.delivery import queries

    rows = queries.listings(SESSION.actor(), open_only=not past)[:limit]
    SESSION.print_rows(
        [
            {
                "subject": row.subject,
                "list": row.zone,
                "server": row.server,
                "since": row.since,
                "ended": row.ended,
                "words": row.words,
            }
            for row in rows
        ]
    )


@app.command("receivers")
def receivers(
    limit: options.Limit = 50,
    days: Annotated[int, typer.Option(help="The last so many, today included.", min=1, max=90)] = 7,
    search: Annotated[str, typer.Option(help="A receiver, or out-N for an address.")] = "",
) -> None:
    """Show how receivers answer, those first that refuse most for reputation."""
    SESSION.refuse_server()
    SESSION.control()
    from mailstead.control.delivery import queries

    today = dt.datetime.now(dt.UTC).date()
    rows = queries.receiver_answers(SESSION.actor(), today, days=days, search=search, limit=limit)
    SESSION.print_rows([dataclasses.asdict(row) for row in rows])


@app.command("look")
def look() -> None:
    """Ask the lists now for this machine's addresses and names."""
    SESSION.refuse_server()
    settings = SESSION.settings()
    from mailstead.mailplane.node.listings import ListingWatch

    found = ListingWatch(settings, Home(settings.home)).once()
    words = [
        f"{one.subject} is on {one.zone}: {one.words or 'no reason given'}" for one in found.listed
    ]
    words += [f"Nothing can be learnt from {zone}." for zone in found.silent]
    SESSION.done(
        "\n".join(words) or "No list names this machine.",
        {
            "listed": [{"subject": one.subject, "list": one.zone} for one in found.listed],
            "silent": list(found.silent),
        },
    )
