"""`mailstead reputation`: whether public lists name our addresses, and how receivers answer."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import typer

from mailstead.cli import options
from mailstead.cli.session import AWAY, SESSION
from mailstead.home import Home

_ANSWERS = (
    *("server", "source", "name", "receiver", "attempts", "accepted"),
    *("reputation", "rate", "content", "policy", "other"),
)
app = typer.Typer(help="DNS lists that name us, and how receivers answer.", no_args_is_help=True)


@app.command("list")
def list_(
    limit: options.Limit = 50,
    past: Annotated[bool, typer.Option("--past", help="Those that have ended, too.")] = False,
) -> None:
    """List the entries that the nodes have found, what is there now first."""
    SESSION.control()
    from mailstead.cli.door import deliveries as queries

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
    SESSION.control()
    from mailstead.cli.door import deliveries as queries

    today = dt.datetime.now(dt.UTC).date()
    rows = queries.receiver_answers(SESSION.actor(), today, days=days, search=search, limit=limit)
    SESSION.print_rows([{name: getattr(row, name) for name in _ANSWERS} for row in rows])


@app.command("look")
def look() -> None:
    """Ask the lists now for this machine's addresses and names; with --server for each node's."""
    listed, silent, away = _there() if SESSION.client is not None else _here()
    words = [
        f"{one['subject']} is on {one['list']}: {one['words'] or 'no reason given'}"
        for one in listed
    ]
    words += [f"Nothing can be learnt from {zone}." for zone in silent]
    words += [f"The node of {server} has not answered yet." for server in away]
    SESSION.done(
        "\n".join(words) or "No list names this machine.",
        {
            "listed": [{"subject": one["subject"], "list": one["list"]} for one in listed],
            "silent": silent,
        },
    )
    if away:
        raise typer.Exit(AWAY)


Looked = tuple[list[dict[str, str]], list[str], list[str]]
"""Entries, lists of which nothing can be learnt, servers whose nodes do not answer."""


def _here() -> Looked:
    settings = SESSION.settings()
    from mailstead.mailplane.node.listings import ListingWatch

    found = ListingWatch(settings, Home(settings.home)).once()
    entries = [
        {"subject": one.subject, "list": one.zone, "words": one.words} for one in found.listed
    ]
    return entries, list(found.silent), []


def _there() -> Looked:
    from mailstead.cli.remote import deliveries, queries

    answers: dict[str, dict[str, Any]] = {
        server.name: deliveries.look_at_lists(server.name) for server in queries.servers(None)
    }
    entries = [
        {"subject": one["subject"], "list": one["zone"], "words": one["words"]}
        for found in answers.values()
        for one in found["listed"]
    ]
    silent = dict.fromkeys(zone for found in answers.values() for zone in found["silent"])
    return entries, list(silent), [name for name, it in answers.items() if it["under_way"]]
