"""`mailstead report`: what other mail servers report about a domain."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from mailstead.cli.session import SESSION

app = typer.Typer(help="Reports of other mail servers.", no_args_is_help=True)


@app.command("sources")
def sources(
    domain: str,
    days: Annotated[int, typer.Option("--days", min=1, max=400, help="Of so many days.")] = 30,
) -> None:
    """List the addresses from which mail in the domain's name came, and what they may be."""
    SESSION.refuse_server()
    SESSION.control()
    from mailstead.control.delivery import queries
    from mailstead.control.hosting import queries as hosting

    found = hosting.domain_named(SESSION.actor(), domain)
    since = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days - 1)
    SESSION.print_rows(
        [
            {
                "address": one.address,
                "messages": one.count,
                "passed": one.passed,
                "refused": one.refused,
                "may_be": one.hint,
                "signer": one.signer,
            }
            for one in queries.sources(found, since)
        ]
    )


@app.command("failures")
def failures(
    domain: str,
    days: Annotated[int, typer.Option("--days", min=1, max=400, help="Of so many days.")] = 30,
) -> None:
    """List the ways in which encrypted delivery to the domain failed."""
    SESSION.refuse_server()
    SESSION.control()
    from mailstead.control.delivery import queries, report_words
    from mailstead.control.hosting import queries as hosting

    found = hosting.domain_named(SESSION.actor(), domain)
    since = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days - 1)
    SESSION.print_rows(
        [
            {
                "kind": one.kind,
                "sessions": one.count,
                "hosts": ", ".join(sorted(one.hosts)),
                "reporters": ", ".join(sorted(one.reporters)),
                "words": report_words.failure_words(one),
            }
            for one in queries.tls_failures(found, since)
        ]
    )
