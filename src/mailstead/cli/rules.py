"""`mailstead rules`: a mailbox's rules."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer

from mailstead.cli.session import SESSION, now
from mailstead.standards.refusal import Refusal
from mailstead.wire.sieve_rules import rules_script

app = typer.Typer(help="Rules of a mailbox.", no_args_is_help=True)


def _data(path: str) -> object:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, ValueError) as error:
        raise Refusal(
            "file-unreadable",
            f"The rules cannot be read from {path}: {error}.",
            remedy="Give a JSON file with a list of rules, or - for standard input.",
        ) from error


@app.command("set")
def set_(address: str, file: str = typer.Argument(help="JSON list of rules; - for stdin.")) -> None:
    """Replace all rules of a mailbox, in order."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    mailbox = queries.mailbox_named(SESSION.actor(), address)
    rules = services.parse_rules(_data(file))
    services.set_rules(actor=SESSION.actor(), now=now(), mailbox=mailbox, rules=rules)
    SESSION.done(
        f"{mailbox.address} has {len(rules)} rules.",
        {"address": mailbox.address, "rules": len(rules)},
    )


@app.command("show")
def show(address: str, sieve: bool = typer.Option(False, "--sieve", help="As Sieve.")) -> None:
    """Show a mailbox's rules, or the Sieve script that they become."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    mailbox = queries.mailbox_named(SESSION.actor(), address)
    data = _stored(mailbox)
    print(rules_script(services.parse_rules(data)) if sieve else json.dumps(data, indent=2))


def _stored(mailbox: Any) -> list[Any]:
    if SESSION.client is not None:
        from mailstead.cli.remote.queries import stored_rules

        return stored_rules(mailbox)
    stored = getattr(mailbox, "rule_set", None)
    return stored.rules if stored else []


@app.command("remove")
def remove(address: str) -> None:
    """Remove all rules of a mailbox."""
    SESSION.control()
    from mailstead.cli.door import queries, services

    mailbox = queries.mailbox_named(SESSION.actor(), address)
    services.set_rules(actor=SESSION.actor(), now=now(), mailbox=mailbox, rules=())
    SESSION.done(f"{mailbox.address} has no rules.", {"address": mailbox.address, "rules": 0})
