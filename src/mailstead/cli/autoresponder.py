"""`mailstead autoresponder`: automatic answers."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mailstead.cli import importing, options, rows
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


Starts = Annotated[str | None, typer.Option("--from", help="First moment, ISO 8601.")]
Ends = Annotated[str | None, typer.Option("--until", help="Last moment, ISO 8601.")]


@app.command("add")
def add(
    address: str,
    subject: Annotated[str, typer.Option("--subject", help="Subject of the answer.")],
    body: Annotated[str, typer.Option("--body", help="File with the text; - for stdin.")] = "-",
    starts: Starts = None,
    ends: Ends = None,
    interval: Annotated[
        str, typer.Option("--interval", help="A sender is answered once in this time: 12h, 7d.")
    ] = "1d",
    html: Annotated[bool, typer.Option("--html", help="The text is HTML.")] = False,
    name: Annotated[str, typer.Option("--name", help="Sender's name.")] = "",
) -> None:
    """Make an automatic answer."""
    SESSION.control()
    from mailstead.cli.door import queries, services

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
        new=True,
    )
    SESSION.done(f"Added the autoresponder of {made.address}.", rows.autoresponder_row(made))


@app.command("set")
def set_(
    address: str,
    subject: Annotated[str | None, typer.Option("--subject", help="Subject.")] = None,
    body: Annotated[
        str | None, typer.Option("--body", help="File with the text; - for stdin.")
    ] = None,
    starts: Starts = None,
    ends: Ends = None,
    interval: Annotated[str | None, typer.Option("--interval", help="12h, 7d.")] = None,
    html: Annotated[bool | None, typer.Option("--html/--plain", help="What the text is.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Sender's name.")] = None,
) -> None:
    """Change what is given of an automatic answer; --from and --until take 'none'."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    actor = SESSION.actor()
    found = queries.autoresponder_named(actor, address)
    made = services.set_autoresponder(
        actor=actor,
        now=now(),
        domain=found.domain,
        address=found.address,
        subject=found.subject if subject is None else subject,
        body=found.body if body is None else _text(body),
        html=found.html if html is None else html,
        starts=found.starts if starts is None else _moment_or_none(starts),
        ends=found.ends if ends is None else _moment_or_none(ends),
        interval=found.interval if interval is None else duration(interval),
        from_name=found.from_name if name is None else name,
    )
    SESSION.done(f"Changed the autoresponder of {made.address}.", rows.autoresponder_row(made))


def _moment_or_none(text: str) -> datetime | None:
    return None if text == "none" else moment(text)


@app.command("list")
def list_(
    search: options.Search = "", limit: options.Limit = 50, after: options.After = ""
) -> None:
    """List automatic answers."""
    SESSION.control()
    from mailstead.cli.door import queries

    found = queries.autoresponders(SESSION.actor(), search=search)
    page(found, limit, after, rows.autoresponder_row)


@app.command("show")
def show(address: str) -> None:
    """Show an automatic answer."""
    SESSION.control()
    from mailstead.cli.door import queries

    found = queries.autoresponder_named(SESSION.actor(), address)
    SESSION.print_row(rows.autoresponder_row(found) | {"body": found.body})


@app.command("import")
def import_(
    file: Path,
    dry_run: options.DryRun = False,
    refused: options.Refused = None,
) -> int:
    """Import from CSV: address, subject, body, from, until, interval, html, name."""
    SESSION.control()
    from mailstead.cli.door import services

    def read(row: dict[str, str]) -> services.AutoresponderRow:
        return services.AutoresponderRow(
            address=row["address"],
            subject=row["subject"],
            body=row["body"],
            html=importing.truth(row.get("html", "")),
            starts=moment(row.get("from", "").strip()),
            ends=moment(row.get("until", "").strip()),
            interval=duration(row.get("interval", "").strip() or "1d"),
            from_name=row.get("name", ""),
        )

    columns = importing.Columns(
        {"address", "subject", "body"}, {"from", "until", "interval", "html", "name"}
    )
    return importing.run(
        file, columns, read, services.import_autoresponders, refused, dry_run=dry_run
    )


@app.command("remove")
def remove(address: str) -> None:
    """End an automatic answer."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.autoresponder_named(SESSION.actor(), address)
    row = rows.autoresponder_row(found)
    services.remove_autoresponder(actor=SESSION.actor(), now=now(), answer=found)
    SESSION.done(f"Removed the autoresponder of {row['address']}.", row)
