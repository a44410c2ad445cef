"""`mailstead report`: what other mail servers report about a domain."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from mailstead.cli.session import SESSION

if TYPE_CHECKING:
    from mailstead.control.hosting.models import Domain

app = typer.Typer(help="Reports of other mail servers.", no_args_is_help=True)


Days = Annotated[int, typer.Option("--days", min=1, max=400, help="Of so many days.")]


def _asked(domain: str, days: int) -> tuple[Domain, dt.date]:
    """The domain, and the first of so many days up to today (UTC)."""
    SESSION.refuse_server()
    SESSION.control()
    from mailstead.control.hosting import queries

    found = queries.domain_named(SESSION.actor(), domain)
    return found, dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days - 1)


@app.command("sources")
def sources(
    domain: str,
    days: Days = 30,
) -> None:
    """List the addresses from which mail in the domain's name came, and what they may be."""
    found, since = _asked(domain, days)
    from mailstead.control.delivery import queries

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
    days: Days = 30,
) -> None:
    """List the ways in which encrypted delivery to the domain failed."""
    found, since = _asked(domain, days)
    from mailstead.control.delivery import queries, report_words

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
