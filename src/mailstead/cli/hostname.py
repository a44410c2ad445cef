"""`mailstead hostname`: customers' own names for the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mailstead.cli.session import SESSION, Row, now

if TYPE_CHECKING:
    from mailstead.control.hosting.queries import NamedHost

app = typer.Typer(help="A domain's own host names and their certificates.", no_args_is_help=True)

Purpose = Annotated[str, typer.Option("--purpose", help="mail, webmail, mta-sts or autoconfig.")]


def _row(one: NamedHost) -> Row:
    certificate = one.certificate
    end = certificate.not_after if certificate else None
    return {
        "name": one.host_name.name,
        "purpose": one.host_name.purpose,
        "state": one.state,
        "valid_until": end.isoformat(timespec="seconds") if end else "",
        "words": certificate.words if certificate else "",
    }


@app.command("add")
def add(name: str, purpose: Purpose = "mail", domain: str = "") -> None:
    """Add a host name; its domain is the nearest one above it that is hosted here."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    actor = SESSION.actor()
    found = queries.domain_named(actor, domain or name.partition(".")[2])
    made = services.add_host_name(actor=actor, now=now(), domain=found, name=name, purpose=purpose)
    words = f"Added the host name {made.name}: let it lead to {found.server.hostname} (CNAME)."
    SESSION.done(words, {"name": made.name, "purpose": made.purpose})


@app.command("list")
def list_(domain: str) -> None:
    """A domain's host names and how it stands with their certificates."""
    SESSION.control()
    from mailstead.cli.door import queries

    actor = SESSION.actor()
    found = queries.domain_named(actor, domain)
    SESSION.print_rows([_row(one) for one in queries.host_names(actor, found)])


@app.command("retry")
def retry(name: str, domain: str = "") -> None:
    """Let the server try at once to get a certificate, or a new one."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    actor = SESSION.actor()
    found = queries.domain_named(actor, domain or name.partition(".")[2])
    row = queries.host_name_named(actor, found, name)
    services.retry_host_name(actor=actor, now=now(), host_name=row)
    SESSION.done(f"{row.name} is tried now.", {"name": row.name})


@app.command("remove")
def remove(name: str, domain: str = "") -> None:
    """Remove a host name."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    actor = SESSION.actor()
    found = queries.domain_named(actor, domain or name.partition(".")[2])
    row = queries.host_name_named(actor, found, name)
    label = row.name
    services.remove_host_name(actor=actor, now=now(), host_name=row)
    SESSION.done(f"Removed the host name {label}.", {"name": label})
