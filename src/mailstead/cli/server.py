"""`mailstead server`: the mail nodes."""

from __future__ import annotations

from typing import Annotated

import typer

from mailstead.cli import options, rows
from mailstead.cli.session import SESSION, now, page

app = typer.Typer(help="Mail nodes.", no_args_is_help=True)


@app.command("add")
def add(
    name: str, hostname: Annotated[str, typer.Option("--hostname", help="Its full name.")]
) -> None:
    """Add a node."""
    SESSION.control()
    from mailstead.cli.door import services

    made = services.create_server(actor=SESSION.actor(), now=now(), name=name, hostname=hostname)
    SESSION.done(f"Added the server {made.name}.", rows.server_row(made))


@app.command("list")
def list_(
    search: options.Search = "", limit: options.Limit = 50, after: options.After = ""
) -> None:
    """List nodes."""
    SESSION.control()
    from mailstead.cli.door import queries

    page(queries.servers(SESSION.actor(), search=search), limit, after, rows.server_row)


@app.command("show")
def show(name: str) -> None:
    """Show a node and how far it has followed."""
    SESSION.control()
    from mailstead.cli.door import feed, queries

    found = queries.server_named(SESSION.actor(), name)
    head = feed.head(found.name)
    row = rows.server_row(found)
    if head is not None:
        row |= {
            "revision": head.revision,
            "applied": head.acked,
            "applied_at": head.acked_at,
            "last_seen": head.last_seen,
            "failure": head.failed_words,
        }
    SESSION.print_row(row)


@app.command("set")
def set_(
    name: str, hostname: Annotated[str, typer.Option("--hostname", help="Its full name.")]
) -> None:
    """Change a node's host name."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.server_named(SESSION.actor(), name)
    services.update_server(actor=SESSION.actor(), now=now(), server=found, hostname=hostname)
    SESSION.done(f"Changed the server {found.name}.", rows.server_row(found))


@app.command("remove")
def remove(name: str) -> None:
    """Remove a node that has no domains."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.server_named(SESSION.actor(), name)
    row = rows.server_row(found)
    services.remove_server(actor=SESSION.actor(), now=now(), server=found)
    SESSION.done(f"Removed the server {row['name']}.", row)
