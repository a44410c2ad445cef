"""`mailstead mailbox`: mailboxes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mailstead.cli import importing, options, rows
from mailstead.cli.session import SESSION, Row, ask_secret, kept_days, now, page
from mailstead.standards.address import mailbox_address
from mailstead.standards.refusal import Refusal
from mailstead.standards.sizes import size

if TYPE_CHECKING:
    from mailstead.control.hosting.models import Mailbox

app = typer.Typer(help="Mailboxes.", no_args_is_help=True)

Quota = Annotated[str, typer.Option("--quota", help="5G, 500M, bytes, or none.")]
Login = Annotated[bool, typer.Option("--login", help="Logging in, by any protocol.")]
Sending = Annotated[bool, typer.Option("--sending", help="Sending mail.")]
Receiving = Annotated[bool, typer.Option("--receiving", help="Receiving mail.")]
What = Literal["login", "sending", "receiving"]


@app.command("add")
def add(
    address: str,
    quota: Quota = "none",
    generate: options.Generate = False,
    password_stdin: options.PasswordStdin = False,
    hash_stdin: options.HashStdin = False,
) -> None:
    """Add a mailbox; asks for the password."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    actor = SESSION.actor()
    domain = queries.domain_named(actor, mailbox_address(address).domain)
    octets = size(quota)
    secret = ask_secret(generate=generate, password_stdin=password_stdin, hash_stdin=hash_stdin)
    made = services.create_mailbox(
        actor=actor,
        now=now(),
        domain=domain,
        address=address,
        password=secret.password,
        hashed=secret.hashed,
        quota=octets,
    )
    row = rows.mailbox_row(made)
    words = f"Added the mailbox {made.address}."
    if secret.made:
        row["password"] = secret.made
        words += f" Its password is {secret.made}"
    _done(words, row, made)


def _done(words: str, row: Row, mailbox: Mailbox) -> None:
    """The end of a change of the password, with what is known of it."""
    row["breached"] = mailbox.breached
    if mailbox.breached:
        words += " This password is known from leaks: choose another one."
    SESSION.done(words, row)


@app.command("list")
def list_(
    search: options.Search = "",
    domain: Annotated[str, typer.Option("--domain", help="Only of this domain.")] = "",
    removed: options.Removed = False,
    limit: options.Limit = 50,
    after: options.After = "",
) -> None:
    """List mailboxes."""
    SESSION.control()
    from mailstead.cli.door import queries

    actor = SESSION.actor()
    inside = queries.domain_named(actor, domain) if domain else None
    found = queries.mailboxes(actor, search=search, domain=inside, removed=removed)
    page(found, limit, after, rows.mailbox_row)


@app.command("show")
def show(address: str) -> None:
    """Show a mailbox."""
    SESSION.control()
    from mailstead.cli.door import queries

    SESSION.print_row(rows.mailbox_row(queries.mailbox_named(SESSION.actor(), address)))


@app.command("set")
def set_(address: str, quota: Quota) -> None:
    """Change the quota."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.mailbox_named(SESSION.actor(), address)
    services.update_mailbox(actor=SESSION.actor(), now=now(), mailbox=found, quota=size(quota))
    SESSION.done(f"Changed {found.address}.", rows.mailbox_row(found))


@app.command("password")
def password(
    address: str,
    generate: options.Generate = False,
    password_stdin: options.PasswordStdin = False,
    hash_stdin: options.HashStdin = False,
) -> None:
    """Change the password; sessions opened with the old one end."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.mailbox_named(SESSION.actor(), address)
    secret = ask_secret(generate=generate, password_stdin=password_stdin, hash_stdin=hash_stdin)
    services.set_password(
        actor=SESSION.actor(),
        now=now(),
        mailbox=found,
        password=secret.password,
        hashed=secret.hashed,
    )
    row = rows.mailbox_row(found)
    words = f"Changed the password of {found.address}; open sessions end."
    if secret.made:
        row["password"] = secret.made
        words += f" The new one is {secret.made}"
    _done(words, row, found)


def _chosen(login: bool, sending: bool, receiving: bool) -> list[What]:
    flags: dict[What, bool] = {"login": login, "sending": sending, "receiving": receiving}
    chosen = [name for name, wanted in flags.items() if wanted]
    if not chosen:
        raise Refusal(
            "what-missing",
            "Nothing to suspend or resume was named.",
            remedy="Add --login, --sending or --receiving, or several of them.",
        )
    return chosen


@app.command("suspend")
def suspend(
    address: str,
    login: Login = False,
    sending: Sending = False,
    receiving: Receiving = False,
    reason: options.Reason = "",
) -> None:
    """Suspend log-in, sending or receiving, each apart."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    chosen = _chosen(login, sending, receiving)
    found = queries.mailbox_named(SESSION.actor(), address)
    for kind in chosen:
        services.suspend_mailbox(
            actor=SESSION.actor(), now=now(), mailbox=found, what=kind, reason=reason
        )
    SESSION.done(f"Suspended {', '.join(chosen)} of {found.address}.", rows.mailbox_row(found))


@app.command("resume")
def resume(
    address: str, login: Login = False, sending: Sending = False, receiving: Receiving = False
) -> None:
    """End a suspension."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    chosen = _chosen(login, sending, receiving)
    found = queries.mailbox_named(SESSION.actor(), address)
    for kind in chosen:
        services.resume_mailbox(actor=SESSION.actor(), now=now(), mailbox=found, what=kind)
    words = f"{', '.join(chosen)} of {found.address}: no longer suspended."
    SESSION.done(words, rows.mailbox_row(found))


@app.command("remove")
def remove(address: str) -> None:
    """Remove a mailbox; can be undone within the grace period."""
    settings = SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.mailbox_named(SESSION.actor(), address)
    grace = timedelta(days=settings.storage.grace_days)
    services.remove_mailbox(actor=SESSION.actor(), now=now(), mailbox=found, grace=grace)
    SESSION.done(
        f"Removed {found.address}. Its mail is kept for {kept_days(found)} days; "
        f"'mailstead mailbox restore {found.address}' undoes it.",
        rows.mailbox_row(found),
    )


@app.command("restore")
def restore(address: str) -> None:
    """Undo a removal."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.mailbox_named(SESSION.actor(), address, removed=True)
    services.restore_mailbox(actor=SESSION.actor(), now=now(), mailbox=found)
    SESSION.done(f"{found.address} is back with its mail.", rows.mailbox_row(found))


@app.command("import")
def import_(
    file: Path,
    dry_run: options.DryRun = False,
    refused: options.Refused = None,
) -> int:
    """Import mailboxes from CSV: address, password or hash, quota."""
    SESSION.control()
    from mailstead.cli.door import services

    def read(row: dict[str, str]) -> services.MailboxRow:
        quota = row.get("quota", "").strip()
        return services.MailboxRow(
            address=row["address"],
            password=row.get("password") or None,
            hashed=row.get("hash", "").strip() or None,
            quota=size(quota) if quota else 0,
        )

    columns = importing.Columns({"address"}, {"password", "hash", "quota"})
    return importing.run(file, columns, read, services.import_mailboxes, refused, dry_run=dry_run)
