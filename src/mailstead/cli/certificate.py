"""`mailstead certificate`: all certificates, and having one tried now."""

from __future__ import annotations

from typing import Annotated

import typer

from mailstead.cli.session import SESSION, now
from mailstead.home import Home

app = typer.Typer(help="Certificates of host names.", no_args_is_help=True)


@app.command("list")
def list_(
    troubled: Annotated[
        bool, typer.Option("--troubled", help="Only those with which something is wrong.")
    ] = False,
) -> None:
    """How it stands with every certificate, what is wrong first."""
    SESSION.control()
    from mailstead.cli.door import queries

    SESSION.print_rows(
        [
            {
                "name": row.name,
                "server": row.server.name,
                "state": row.state,
                "valid_until": row.not_after.isoformat(timespec="seconds") if row.not_after else "",
                "words": row.words,
            }
            for row in queries.certificates(SESSION.actor(), troubled=troubled)
        ]
    )


@app.command("renew")
def renew(name: str) -> None:
    """Let this machine try now: one of its own names, or a customer's."""
    from mailstead.mailplane.node.certificates import wish

    found = wish.make(Home(SESSION.home), name, now())
    SESSION.done(f"{found} is tried now; see 'mailstead certificate list'.", {"name": found})
