"""`mailstead zone`: DNS zones that are still served here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailstead.cli import options
from mailstead.cli.session import SESSION, Row, now, page
from mailstead.standards.refusal import Refusal

if TYPE_CHECKING:
    from mailstead.control.dns.models import Zone

app = typer.Typer(help="DNS zones that are still served here.", no_args_is_help=True)


@app.command("import")
def import_(
    name: str,
    file: Annotated[Path, typer.Argument(help="The zone file; - for stdin.")],
    customer: Annotated[str, typer.Option("--customer", help="Whose zone it is.")],
    server: Annotated[str, typer.Option("--server", help="Its node; default: this one.")] = "",
) -> None:
    """Attach a zone from its file, or replace the one that is there."""
    settings = SESSION.control()
    from mailstead.control.dns.zones import services
    from mailstead.control.hosting import queries

    actor = SESSION.actor()
    zone, left = services.import_zone(
        actor=actor,
        now=now(),
        customer=queries.customer_named(actor, customer),
        server=queries.server_named(actor, server or settings.server),
        name=name,
        file=_text(file),
    )
    SESSION.done(f"{zone.name} is served here now.", _row(zone))
    if left:
        SESSION.say(f"Left out, of types that are not served here: {', '.join(left)}.")


@app.command("list")
def list_(
    search: options.Search = "",
    delegation: Annotated[
        str,
        typer.Option("--delegation", help="here, partly, elsewhere, nowhere or unknown."),
    ] = "",
    limit: options.Limit = 50,
    after: options.After = "",
) -> None:
    """List zones, and whether the world still asks our servers for them."""
    SESSION.control()
    from mailstead.control.dns.zones import queries

    found = queries.zones(SESSION.actor(), search).order_by("pk")
    page(found.filter(delegation=delegation) if delegation else found, limit, after, _row)


@app.command("show")
def show(name: str) -> None:
    """Show a zone as its zone file."""
    SESSION.control()
    from mailstead.control.dns.zones import queries

    zone = queries.zone_named(SESSION.actor(), name)
    text = queries.as_file(zone)
    if SESSION.json:
        SESSION.print_row(_row(zone) | {"file": text})
    else:
        print(text, end="")


@app.command("check")
def check() -> None:
    """Look now whose zones the world still asks our servers for."""
    SESSION.control()
    from mailstead.control.dns.zones import queries, services
    from mailstead.control.dns.zones.delegation import check_delegations

    services.look_again()
    while check_delegations(now()):
        continue
    rows = queries.zones(SESSION.actor())
    SESSION.print_rows([_row(zone) for zone in rows])


@app.command("remove")
def remove(
    name: str,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Even though our servers are still asked for it.")
    ] = False,
) -> None:
    """Stop serving a zone; it cannot be undone."""
    SESSION.control()
    from mailstead.control.dns.zones import queries, services

    zone = queries.zone_named(SESSION.actor(), name)
    row = _row(zone)
    services.remove_zone(actor=SESSION.actor(), now=now(), zone=zone, anyway=anyway)
    SESSION.done(f"{zone.name} is served here no more.", row)


def _text(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(
            "file-unreadable",
            "{file} cannot be read.",
            remedy="Give the zone file's path.",
            file=str(file),
        ) from error


def _row(zone: Zone) -> Row:
    return {
        "id": zone.pk,
        "name": zone.name,
        "customer": zone.customer.name,
        "server": zone.server.name,
        "serial": zone.serial,
        "delegation": zone.delegation,
        "since": zone.delegation_since,
        "delegated_to": zone.delegated_to,
    }
