"""`mailstead customer`: who owns domains."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailstead.cli import importing, options, rows
from mailstead.cli.session import SESSION, now, page
from mailstead.standards.sizes import size

app = typer.Typer(help="Customers.", no_args_is_help=True)

Email = Annotated[str | None, typer.Option("--email", help="Contact address, not hosted here.")]
Quota = Annotated[
    str | None, typer.Option("--quota", help="Storage that all mailboxes share: 20G, none.")
]
Mailboxes = Annotated[
    str | None, typer.Option("--mailboxes", help="How many mailboxes, or 'none' for no limit.")
]


def _limit(text: str | None) -> int | None:
    if text is None or text == "none":
        return None
    return int(text) if text.isascii() and text.isdigit() else -1


@app.command("add")
def add(name: str, email: Email = None, quota: Quota = None, mailboxes: Mailboxes = None) -> None:
    """Add a customer."""
    SESSION.control()
    from mailstead.cli.door import services

    made = services.create_customer(
        actor=SESSION.actor(),
        now=now(),
        name=name,
        email=email or "",
        quota=size(quota) if quota else 0,
        mailbox_limit=_limit(mailboxes),
    )
    SESSION.done(f"Added the customer '{made.name}'.", rows.customer_row(made))


@app.command("list")
def list_(
    search: options.Search = "", limit: options.Limit = 50, after: options.After = ""
) -> None:
    """List customers."""
    SESSION.control()
    from mailstead.cli.door import queries

    page(queries.customers(SESSION.actor(), search=search), limit, after, rows.customer_row)


@app.command("show")
def show(name: str) -> None:
    """Show a customer and the storage in use."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.customer_named(SESSION.actor(), name)
    used = services.pool_usage(found)
    SESSION.print_row(
        rows.customer_row(found)
        | {
            "used": rows.octets(used),
            "domains": queries.domains(SESSION.actor(), customer=found).count(),
        }
    )


@app.command("set")
def set_(
    name: str,
    new_name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    email: Email = None,
    quota: Quota = None,
    mailboxes: Mailboxes = None,
) -> None:
    """Change what is given."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.customer_named(SESSION.actor(), name)
    services.update_customer(
        actor=SESSION.actor(),
        now=now(),
        customer=found,
        name=new_name,
        email=email,
        quota=size(quota) if quota else None,
        mailbox_limit=_limit(mailboxes),
        no_mailbox_limit=mailboxes == "none",
    )
    SESSION.done(f"Changed the customer '{found.name}'.", rows.customer_row(found))


@app.command("passwords")
def passwords(
    name: str,
    rule: Annotated[str, typer.Argument(help="house, warn, refuse or change.")],
    days: Annotated[
        int | None,
        typer.Option("--days", help="With change: days after the warning until sending stops."),
    ] = None,
) -> None:
    """Say what happens to a password of a mailbox that is known from leaks."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.customer_named(SESSION.actor(), name)
    word = "" if rule == "house" else rule
    services.set_password_rule(
        actor=SESSION.actor(), now=now(), customer=found, rule=word, days=days
    )
    words = {
        "": "are treated as the house says",
        "warn": "are warned of",
        "refuse": "are refused",
        "change": f"are refused, and must be changed within {found.password_days} days,",
    }
    SESSION.done(
        f"Passwords known from leaks {words[word]} for '{found.name}'.", rows.customer_row(found)
    )


@app.command("suspend")
def suspend(name: str, reason: options.Reason = "") -> None:
    """No log-in and no sending; mail is still received."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.customer_named(SESSION.actor(), name)
    services.suspend_customer(actor=SESSION.actor(), now=now(), customer=found, reason=reason)
    SESSION.done(
        f"Suspended '{found.name}': no log-in, no sending; mail is still received.",
        rows.customer_row(found),
    )


@app.command("resume")
def resume(name: str) -> None:
    """The suspension ends."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.customer_named(SESSION.actor(), name)
    services.resume_customer(actor=SESSION.actor(), now=now(), customer=found)
    SESSION.done(f"'{found.name}' is no longer suspended.", rows.customer_row(found))


@app.command("import")
def import_(
    file: Path,
    dry_run: options.DryRun = False,
    refused: options.Refused = None,
) -> int:
    """Import customers from CSV: name, email, quota, mailboxes."""
    SESSION.control()
    from mailstead.cli.door import services

    def read(row: dict[str, str]) -> services.CustomerRow:
        return services.CustomerRow(
            name=row["name"],
            email=row.get("email", "").strip(),
            quota=size(row.get("quota", "").strip() or "none"),
            mailbox_limit=_limit(row.get("mailboxes", "").strip() or None),
        )

    columns = importing.Columns({"name"}, {"email", "quota", "mailboxes"})
    return importing.run(file, columns, read, services.import_customers, refused, dry_run=dry_run)


@app.command("remove")
def remove(name: str) -> None:
    """Remove a customer without domains."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.customer_named(SESSION.actor(), name)
    row = rows.customer_row(found)
    services.remove_customer(actor=SESSION.actor(), now=now(), customer=found)
    SESSION.done(f"Removed the customer '{row['name']}'.", row)
