"""`mailstead spam`: what a mailbox wants of the spam filter."""

from __future__ import annotations

from typing import Annotated

import typer

from mailstead.cli.session import SESSION, Row, now

app = typer.Typer(help="Spam settings of a mailbox.", no_args_is_help=True)

Senders = Annotated[list[str] | None, typer.Option(help="Address or domain; repeatable.")]


def _row(address: str, level: str, allow: list[str], deny: list[str]) -> Row:
    return {"address": address, "level": level, "allow": allow, "deny": deny}


@app.command("show")
def show(address: str) -> None:
    """Show them."""
    SESSION.control()
    from mailstead.cli.door import queries

    mailbox = queries.mailbox_named(SESSION.actor(), address)
    found = queries.spam_settings(SESSION.actor(), mailbox)
    SESSION.print_row(_row(mailbox.address, found.level, found.allow, found.deny))


@app.command("set")
def set_(
    address: str,
    level: Annotated[str, typer.Option("--level", help="off, lenient, normal or strict.")],
    allow: Senders = None,
    deny: Senders = None,
) -> None:
    """Set the whole of them: level, whose mail is never spam, whose always is."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    mailbox = queries.mailbox_named(SESSION.actor(), address)
    made = services.set_spam_settings(
        actor=SESSION.actor(),
        now=now(),
        mailbox=mailbox,
        level=level,
        allow=allow or (),
        deny=deny or (),
    )
    row = _row(mailbox.address, made.level, made.allow, made.deny)
    SESSION.done(f"Set the spam filter of {mailbox.address}.", row)
