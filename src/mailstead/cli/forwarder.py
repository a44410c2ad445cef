"""`mailstead forwarder`: where mail to an address goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailstead.cli import importing, options, rows
from mailstead.cli.session import SESSION, now, page
from mailstead.standards.address import forwarder_address
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import Route

app = typer.Typer(help="Forwarders.", no_args_is_help=True)

To = Annotated[
    list[str] | None, typer.Option("--to", help="An address; repeat for more.", show_default=False)
]
Fail = Annotated[
    str | None, typer.Option("--fail", help="Refuse every message with this text (':fail:').")
]
Blackhole = Annotated[
    bool, typer.Option("--blackhole", help="Take mail and throw it away (':blackhole:').")
]
Keep = Annotated[
    bool, typer.Option("--keep-copy", help="A mailbox of the same address receives too.")
]


def chosen_route(to: list[str] | None, fail: str | None, blackhole: bool) -> Route:
    """The route that the options say; raises `Refusal` unless exactly one kind is given."""
    if bool(to) + (fail is not None) + blackhole != 1:
        raise Refusal(
            "route-mixed",
            "A route is either addresses, or a refusal, or a black hole.",
            remedy="Give --to (once or more), or --fail TEXT, or --blackhole.",
        )
    if fail is not None:
        return Route(action="fail", text=fail.strip())
    return Route(action="blackhole") if blackhole else route_of(to or [])


def route_of(targets: list[str]) -> Route:
    """A route from what people write: addresses, `:fail: text`, `:blackhole:`."""
    first = targets[0].strip() if targets else ""
    word = first.lower()
    if word.startswith((":fail:", ":blackhole:")):
        if len(targets) > 1:
            raise Refusal(
                "route-mixed",
                f"{first.split(':')[1]} stands alone.",
                remedy="Give either addresses or ':fail:' or ':blackhole:'.",
            )
        if word.startswith(":fail:"):
            return Route(action="fail", text=first[6:].strip())
        return Route(action="blackhole")
    parts = [part for target in targets for part in target.split(",") if part.strip()]
    return Route(action="deliver", destinations=tuple(part.strip() for part in parts))


@app.command("add")
def add(
    address: str,
    to: To = None,
    fail: Fail = None,
    blackhole: Blackhole = False,
    keep_copy: Keep = False,
) -> None:
    """Make a forwarder."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    actor = SESSION.actor()
    domain = queries.domain_named(actor, forwarder_address(address).domain)
    made = services.set_forwarder(
        actor=actor,
        now=now(),
        domain=domain,
        address=address,
        route=chosen_route(to, fail, blackhole),
        keep_copy=keep_copy,
        new=True,
    )
    SESSION.done(f"Added the forwarder {made.address}.", rows.forwarder_row(made))


@app.command("set")
def set_(
    address: str,
    to: To = None,
    fail: Fail = None,
    blackhole: Blackhole = False,
    keep_copy: Annotated[
        bool | None,
        typer.Option(
            "--keep-copy/--no-keep-copy", help="A mailbox of the same address receives too."
        ),
    ] = None,
) -> None:
    """Change what is given of a forwarder; --to names all its destinations anew."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    actor = SESSION.actor()
    found = queries.forwarder_named(actor, address)
    same_route = to is None and fail is None and not blackhole
    made = services.set_forwarder(
        actor=actor,
        now=now(),
        domain=found.domain,
        address=found.address,
        route=queries.route_of(found) if same_route else chosen_route(to, fail, blackhole),
        keep_copy=found.keep_copy if keep_copy is None else keep_copy,
    )
    SESSION.done(f"Changed the forwarder {made.address}.", rows.forwarder_row(made))


@app.command("list")
def list_(
    search: options.Search = "",
    domain: Annotated[str, typer.Option("--domain", help="Only of this domain.")] = "",
    limit: options.Limit = 50,
    after: options.After = "",
) -> None:
    """List forwarders; the search looks at destinations too."""
    SESSION.control()
    from mailstead.cli.door import queries

    actor = SESSION.actor()
    inside = queries.domain_named(actor, domain) if domain else None
    found = queries.forwarders(actor, search=search, domain=inside)
    page(found, limit, after, rows.forwarder_row)


@app.command("show")
def show(address: str) -> None:
    """Show a forwarder."""
    SESSION.control()
    from mailstead.cli.door import queries

    SESSION.print_row(rows.forwarder_row(queries.forwarder_named(SESSION.actor(), address)))


@app.command("import")
def import_(
    file: Path,
    dry_run: options.DryRun = False,
    refused: options.Refused = None,
) -> int:
    """Import forwarders from CSV: address, to (several with commas, ':fail: text'), keep_copy."""
    SESSION.control()
    from mailstead.cli.door import services

    def read(row: dict[str, str]) -> services.ForwarderRow:
        keep = importing.truth(row.get("keep_copy", ""))
        return services.ForwarderRow(row["address"], route_of([row["to"]]), keep)

    columns = importing.Columns({"address", "to"}, {"keep_copy"})
    return importing.run(file, columns, read, services.import_forwarders, refused, dry_run=dry_run)


@app.command("remove")
def remove(address: str) -> None:
    """Remove a forwarder."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.forwarder_named(SESSION.actor(), address)
    row = rows.forwarder_row(found)
    services.remove_forwarder(actor=SESSION.actor(), now=now(), forwarder=found)
    SESSION.done(f"Removed the forwarder {row['address']}.", row)
