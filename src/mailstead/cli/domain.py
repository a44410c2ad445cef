"""`mailstead domain`: hosted domains."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailstead.cli import dkim, importing, options, rows
from mailstead.cli.session import SESSION, kept_days, now, page
from mailstead.config import Settings
from mailstead.standards.mtasts import Mode

if TYPE_CHECKING:
    from mailstead.control.people.actor import Actor

app = typer.Typer(help="Hosted domains.", no_args_is_help=True)
app.add_typer(dkim.app, name="dkim")

Customer = Annotated[str, typer.Option("--customer", help="Whose domain it is.")]
Server = Annotated[str, typer.Option("--server", help="Its node; default: this one.")]
Dkim = Annotated[bool, typer.Option("--dkim/--no-dkim", help="Make a signing key at once.")]


def _node(actor: Actor, server: str, settings: Settings) -> Any:
    """The node that was named, or this one; another server chooses by itself."""
    from mailstead.cli.door import queries

    if not server and SESSION.client is not None:
        return None
    return queries.server_named(actor, server or settings.server)


@app.command("add")
def add(
    name: str,
    customer: Customer,
    server: Server = "",
    dkim: Dkim = True,
) -> None:
    """Add a domain."""
    settings = SESSION.control()
    from mailstead.cli.door import queries, services

    actor = SESSION.actor()
    made = services.create_domain(
        actor=actor,
        now=now(),
        name=name,
        customer=queries.customer_named(actor, customer),
        server=_node(actor, server, settings),
        dkim=dkim,
    )
    SESSION.done(
        f"Added {made.name}. 'mailstead domain show {made.name}' lists its DNS records.",
        rows.domain_row(made),
    )


@app.command("list")
def list_(
    search: options.Search = "",
    customer: Annotated[str, typer.Option("--customer", help="Only theirs.")] = "",
    removed: options.Removed = False,
    limit: options.Limit = 50,
    after: options.After = "",
) -> None:
    """List domains."""
    SESSION.control()
    from mailstead.cli.door import queries

    actor = SESSION.actor()
    owner = queries.customer_named(actor, customer) if customer else None
    found = queries.domains(actor, search=search, customer=owner, removed=removed)
    page(found, limit, after, rows.domain_row)


@app.command("show")
def show(name: str) -> None:
    """Show a domain and the DNS records that its owner publishes."""
    SESSION.control()
    from mailstead.cli.door import queries, records

    found = queries.domain_named(SESSION.actor(), name)
    listed = records.dns_records(found)
    if SESSION.json:
        dns = [{"name": n, "type": t, "value": v} for n, t, v in listed]
        SESSION.print_row(rows.domain_row(found) | {"dns": dns})
        return
    SESSION.print_row(rows.domain_row(found))
    print("\nDNS records to publish:")
    for record in listed:
        print("  " + "  ".join(record))


@app.command("check")
def check(name: str) -> None:
    """Look at the domain's DNS now: whose it is, its records, its keys."""
    SESSION.control()
    from mailstead.cli.door import keys, queries

    actor = SESSION.actor()
    found = queries.domain_named(actor, name)
    keys.check_domain(actor=actor, now=now(), domain=found)
    found = queries.domain_named(actor, str(found.pk))
    findings = keys.finding_rows(found)
    words = [
        f"  {one['record'].upper()}: {one['verdict'] or 'not looked at'}"
        + (f". {one['todo']} {one['name']} {one['type']} {one['publish']}" if one["todo"] else "")
        for one in findings
    ]
    SESSION.done(
        "\n".join([f"Looked at the DNS of {found.name}.", *words]),
        rows.domain_row(found) | {"dns": findings},
    )


@app.command("accept")
def accept(
    name: str,
    reason: Annotated[str, typer.Option("--reason", help="How you know whose it is.")],
) -> None:
    """Make a domain active without a record that shows whose it is; by its number where several
    claim the name."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.domain_named(SESSION.actor(), name)
    services.accept_domain(actor=SESSION.actor(), now=now(), domain=found, reason=reason)
    SESSION.done(f"{found.name} is active.", rows.domain_row(found))


@app.command("suspend")
def suspend(name: str, reason: options.Reason = "") -> None:
    """No log-in and no sending for its mailboxes; mail is still received."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.domain_named(SESSION.actor(), name)
    services.suspend_domain(actor=SESSION.actor(), now=now(), domain=found, reason=reason)
    SESSION.done(f"Suspended {found.name}; mail is still received.", rows.domain_row(found))


@app.command("resume")
def resume(name: str) -> None:
    """The suspension ends."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.domain_named(SESSION.actor(), name)
    services.resume_domain(actor=SESSION.actor(), now=now(), domain=found)
    SESSION.done(f"{found.name} is no longer suspended.", rows.domain_row(found))


@app.command("set")
def set_(
    name: str,
    forward_to: Annotated[
        str | None,
        typer.Option("--forward-to", help="Every unknown local part goes there; 'none' ends it."),
    ] = None,
    alias_of: Annotated[
        str | None, typer.Option("--alias-of", help="Behave as that domain; 'none' ends it.")
    ] = None,
    mta_sts: Annotated[
        Mode | None,
        typer.Option("--mta-sts", help="What others do when encryption of mail to it fails."),
    ] = None,
) -> None:
    """Make it a domain forwarder or an alias, or end that; set its MTA-STS policy."""
    SESSION.control()
    from mailstead.cli.door import dns, queries, services

    actor = SESSION.actor()
    found = queries.domain_named(actor, name)
    if forward_to is not None:
        target = None if forward_to == "none" else forward_to
        services.set_domain_forwarder(actor=actor, now=now(), domain=found, target=target)
    if alias_of is not None:
        other = None if alias_of == "none" else queries.domain_named(actor, alias_of)
        services.make_domain_alias(actor=actor, now=now(), domain=found, target=other)
    if mta_sts is not None:
        dns.set_mta_sts(actor=actor, now=now(), domain=found, mode=mta_sts)
    SESSION.done(f"Changed {found.name}.", rows.domain_row(found))


@app.command("remove")
def remove(name: str) -> None:
    """Remove a domain and all in it; can be undone within the grace period."""
    settings = SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.domain_named(SESSION.actor(), name)
    grace = timedelta(days=settings.storage.grace_days)
    services.remove_domain(actor=SESSION.actor(), now=now(), domain=found, grace=grace)
    SESSION.done(
        f"Removed {found.name}. Its mail is kept for {kept_days(found)} days; "
        f"'mailstead domain restore {found.name}' undoes it.",
        rows.domain_row(found),
    )


@app.command("restore")
def restore(name: str) -> None:
    """Undo a removal."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.domain_named(SESSION.actor(), name, removed=True)
    services.restore_domain(actor=SESSION.actor(), now=now(), domain=found)
    SESSION.done(f"{found.name} is back with all its mailboxes.", rows.domain_row(found))


@app.command("import")
def import_(
    file: Path,
    server: Server = "",
    dkim: Dkim = True,
    dry_run: options.DryRun = False,
    refused: options.Refused = None,
) -> int:
    """Import domains from CSV: name, customer."""
    settings = SESSION.control()
    from mailstead.cli.door import services

    node = _node(SESSION.actor(), server, settings)

    def read(row: dict[str, str]) -> services.DomainRow:
        return services.DomainRow(row["name"], row["customer"])

    write = partial(services.import_domains, server=node, dkim=dkim)
    columns = importing.Columns({"name", "customer"})
    return importing.run(file, columns, read, write, refused, dry_run=dry_run)
