"""`mailstead autoresponder`: automatic answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mailstead.cli import options, rows
from mailstead.cli.session import SESSION, duration, moment, now, page
from mailstead.standards.address import forwarder_address
from mailstead.standards.refusal import Refusal

app = typer.Typer(help="Automatic answers.", no_args_is_help=True)


def _text(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(
            "file-unreadable",
            f"The text cannot be read from {path}: {error}.",
            remedy="Give a UTF-8 file, or - for standard input.",
        ) from error


@app.command("add")
def add(
    address: str,
    subject: Annotated[str, typer.Option("--subject", help="Subject of the answer.")],
    body: Annotated[str, typer.Option("--body", help="File with the text; - for stdin.")] = "-",
    starts: Annotated[str | None, typer.Option("--from", help="First moment, ISO 8601.")] = None,
    ends: Annotated[str | None, typer.Option("--until", help="Last moment, ISO 8601.")] = None,
    interval: Annotated[
        str, typer.Option("--interval", help="A sender is answered once in this time: 12h, 7d.")
    ] = "1d",
    html: Annotated[bool, typer.Option("--html", help="The text is HTML.")] = False,
    name: Annotated[str, typer.Option("--name", help="Sender's name.")] = "",
) -> None:
    """Make an automatic answer, or change the one that is there."""
    SESSION.control()
    from mailstead.control.hosting import queries, services

    actor = SESSION.actor()
    made = services.set_autoresponder(
        actor=actor,
        now=now(),
        domain=queries.domain_named(actor, forwarder_address(address).domain),
        address=address,
        subject=subject,
        body=_text(body),
        html=html,
        starts=moment(starts),
        ends=moment(ends),
        interval=duration(interval),
        from_name=name,
    )
    SESSION.done(f"Set the autoresponder of {made.address}.", rows.autoresponder_row(made))


app.command("set")(add)


@app.command("list")
def list_(search: options.Search = "", limit: options.Limit = 50, after: options.After = 0) -> None:
    """List automatic answers."""
    SESSION.control()
    from mailstead.control.hosting import queries

    found = queries.autoresponders(SESSION.actor(), search=search)
    page(found, limit, after, rows.autoresponder_row)


@app.command("show")
def show(address: str) -> None:
    """Show an automatic answer."""
    SESSION.control()
    from mailstead.control.hosting import queries

    found = queries.autoresponder_named(SESSION.actor(), address)
    SESSION.print_row(rows.autoresponder_row(found) | {"body": found.body})


@app.command("remove")
def remove(address: str) -> None:
    """End an automatic answer."""
    SESSION.control()
    from mailstead.control.hosting import queries, services

    found = queries.autoresponder_named(SESSION.actor(), address)
    row = rows.autoresponder_row(found)
    services.remove_autoresponder(actor=SESSION.actor(), now=now(), answer=found)
    SESSION.done(f"Removed the autoresponder of {row['address']}.", row)
