"""`mailstead catchall`: what happens to addresses that nobody knows."""

from __future__ import annotations

from pathlib import Path

import typer

from mailstead.cli import importing, options, rows
from mailstead.cli.forwarder import Blackhole, Fail, To, chosen_route, route_of
from mailstead.cli.session import SESSION, now, page

app = typer.Typer(help="Catch-alls.", no_args_is_help=True)


@app.command("set")
def set_(domain: str, to: To = None, fail: Fail = None, blackhole: Blackhole = False) -> None:
    """Set a domain's catch-all: addresses, a refusal with a text, or a black hole."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    route = chosen_route(to, fail, blackhole)
    found = queries.domain_named(SESSION.actor(), domain)
    services.set_catch_all(actor=SESSION.actor(), now=now(), domain=found, route=route)
    SESSION.done(f"Set the catch-all of {found.name}.", rows.domain_row(found))


app.command("add")(set_)


@app.command("show")
def show(domain: str) -> None:
    """Show a domain's catch-all."""
    SESSION.control()
    from mailstead.cli.door import queries

    found = queries.domain_named(SESSION.actor(), domain)
    SESSION.print_row({"domain": found.name, "catch_all": rows.catch_all_words(found)})


@app.command("list")
def list_(limit: options.Limit = 50, after: options.After = "") -> None:
    """List the domains with a catch-all."""
    SESSION.control()
    from mailstead.cli.door import queries

    found = queries.domains(SESSION.actor()).exclude(catch_all_action="")
    page(found, limit, after, rows.domain_row)


@app.command("import")
def import_(
    file: Path,
    dry_run: options.DryRun = False,
    refused: options.Refused = None,
) -> int:
    """Import catch-alls from CSV: domain, to (addresses, ':fail: text' or ':blackhole:')."""
    SESSION.control()
    from mailstead.cli.door import services

    def read(row: dict[str, str]) -> services.CatchAllRow:
        return services.CatchAllRow(row["domain"], route_of([row["to"]]))

    columns = importing.Columns({"domain", "to"})
    return importing.run(file, columns, read, services.import_catch_alls, refused, dry_run=dry_run)


@app.command("remove")
def remove(domain: str) -> None:
    """End it: unknown addresses are refused."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.domain_named(SESSION.actor(), domain)
    services.set_catch_all(actor=SESSION.actor(), now=now(), domain=found, route=None)
    SESSION.done(f"{found.name} has no catch-all any more.", rows.domain_row(found))
