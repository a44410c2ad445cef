"""`mailstead domain dkim`: the keys that sign a domain's mail."""

from __future__ import annotations

from typing import Annotated

import typer

from mailstead.cli.session import SESSION, Row, now

app = typer.Typer(help="The keys that sign a domain's mail.", no_args_is_help=True)

Why = Annotated[str, typer.Option("--reason", help="Why; it stands in the audit trail.")]


def _rows(name: str) -> list[Row]:
    from mailstead.cli.door import keys, queries

    found = queries.domain_named(SESSION.actor(), name)
    return keys.key_rows(found)


@app.command("list")
def list_(name: str) -> None:
    """List the keys of a domain and what becomes of them."""
    SESSION.control()
    SESSION.print_rows(_rows(name))


@app.command("rotate")
def rotate(name: str) -> None:
    """Make a new key; it signs once it is seen in the DNS."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.domain_named(SESSION.actor(), name)
    made = services.rotate_keys(actor=SESSION.actor(), now=now(), domain=found)
    SESSION.done(
        f"Made the key {made.selector} of {found.name}. 'mailstead domain dkim list {found.name}' "
        "says how it stands.",
        {"domain": found.name, "selector": made.selector},
    )


@app.command("revoke")
def revoke(name: str, selector: str, reason: Why) -> None:
    """Take back a key that somebody else may have, at once."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    found = queries.domain_named(SESSION.actor(), name)
    after = services.revoke_key(
        actor=SESSION.actor(), now=now(), domain=found, selector=selector, reason=reason
    )
    follows = (
        f"{after.selector} signs now."
        if after.state == "signing"
        else f"Mail goes out unsigned until {after.selector} is seen in the DNS."
    )
    SESSION.done(
        f"Revoked the key {selector} of {found.name}. {follows}",
        {"domain": found.name, "revoked": selector, "next": after.selector, "state": after.state},
    )
