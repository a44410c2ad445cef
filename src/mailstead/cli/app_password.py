"""`mailstead app-password`: passwords of single programs and devices."""

from __future__ import annotations

from typing import Annotated

import typer

from mailstead.cli.session import SESSION, Row, now
from mailstead.standards.refusal import Refusal

app = typer.Typer(help="App passwords of a mailbox.", no_args_is_help=True)


@app.command("add")
def add(
    address: str,
    name: str,
    protocol: Annotated[
        list[str] | None,
        typer.Option("--protocol", help="imap, pop3, smtp or sieve; repeatable. None: all."),
    ] = None,
) -> None:
    """Make one; it is shown this once."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    mailbox = queries.mailbox_named(SESSION.actor(), address)
    made, text = services.create_app_password(
        actor=SESSION.actor(), now=now(), mailbox=mailbox, name=name, protocols=protocol or ()
    )
    words = f"The app password '{made.name}' of {mailbox.address} is {text}"
    SESSION.done(words, {"address": mailbox.address, "name": made.name, "password": text})


@app.command("list")
def list_(address: str) -> None:
    """List them."""
    SESSION.control()
    from mailstead.cli.door import queries

    mailbox = queries.mailbox_named(SESSION.actor(), address)
    rows: list[Row] = [
        {
            "id": app.pk,
            "name": app.name,
            "protocols": app.protocols or ["all"],
            "created_at": app.created_at,
        }
        for app in queries.app_passwords(SESSION.actor(), mailbox)
    ]
    SESSION.print_rows(rows)


@app.command("remove")
def remove(address: str, name: str) -> None:
    """End one; the mailbox's open sessions end with it."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    mailbox = queries.mailbox_named(SESSION.actor(), address)
    found = queries.app_passwords(SESSION.actor(), mailbox).filter(name=name).first()
    if found is None:
        raise Refusal(
            "app-password-unknown",
            "{address} has no app password {name}.",
            remedy="List them: app-password list.",
            address=mailbox.address,
            name=ascii(name),
        )
    services.remove_app_password(actor=SESSION.actor(), now=now(), app_password=found)
    SESSION.done(f"'{name}' opens nothing any more.", {"address": mailbox.address, "name": name})
