"""`mailstead breached`: passwords known from leaks, in an index of one's own."""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailstead.breached.index import Index
from mailstead.cli import options
from mailstead.cli.progress import progress_bar
from mailstead.cli.session import OK, PARTLY, SESSION, Row
from mailstead.home import Home
from mailstead.standards.refusal import Refusal

if TYPE_CHECKING:
    from mailstead.breached.build import Outcome
    from mailstead.breached.lists import Source

app = typer.Typer(help="Passwords known from leaks.", no_args_is_help=True)

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[INPUT]...", help="Lists whose kind their first lines tell."),
]
Out = Annotated[Path | None, typer.Option("--out", help="The index to make.")]
At = Annotated[Path | None, typer.Option("--index", help="The index to ask.")]


def _index(given: Path | None) -> Path:
    """The index that is named, or the instance's."""
    SESSION.refuse_server()
    if given is not None:
        return given
    SESSION.settings()
    return Home(SESSION.home).breached_index


@app.command("build")
def build(
    inputs: Files = None,
    plain: Annotated[
        list[Path] | None, typer.Option("--plain", help="A list with a password in each line.")
    ] = None,
    combos: Annotated[
        list[Path] | None, typer.Option("--combos", help="A list of name:password.")
    ] = None,
    ordered: Annotated[
        list[Path] | None, typer.Option("--ordered", help="A list of HASH:COUNT (SHA-1).")
    ] = None,
    ranges: Annotated[
        list[Path] | None, typer.Option("--ranges", help="A folder of range files.")
    ] = None,
    out: Out = None,
) -> int:
    """Build the index from lists; a build that was interrupted goes on."""
    path = _index(out)
    from mailstead.breached import lists
    from mailstead.breached.build import build as make

    named = (
        (None, inputs),
        (lists.Kind.PLAIN, plain),
        (lists.Kind.COMBOS, combos),
        (lists.Kind.ORDERED, ordered),
        (lists.Kind.RANGES, ranges),
    )
    sources = [lists.source(file, kind) for kind, files in named for file in files or ()]
    with progress_bar() as bar:
        task = bar.add_task("", total=None)
        stage = ""

        def progress(now: str, done: int, total: int) -> None:
            nonlocal stage
            if now != stage:
                stage = now
                bar.reset(task, description=now, total=total)
            bar.update(task, completed=done)

        made = make(sources, path, progress=progress)
    _tell(made, sources)
    return PARTLY if made.wrong or _missing(sources) else OK


def _missing(sources: list[Source]) -> int:
    """Range files that are not there: a download that was cut short."""
    from mailstead.breached.lists import RANGES

    return sum(RANGES - len(source.names) for source in sources if source.names)


def _tell(made: Outcome, sources: list[Source]) -> None:
    missing = _missing(sources)
    row = {
        "path": str(made.path),
        "hashes": made.hashes,
        "octets": made.size,
        "octets_per_hash": round(made.size / made.hashes, 3),
        "lines": made.lines,
        "wrong_lines": made.wrong,
        "first_wrong_lines": list(made.named),
        "missing_ranges": missing,
        "went_on": made.went_on,
        "began_anew": made.began_anew,
    }
    if made.began_anew:
        SESSION.say("The lists are not those of the interrupted build: it was begun anew.")
    if made.went_on:
        SESSION.say("The interrupted build was continued.")
    if made.wrong:
        words = f"{made.wrong:,} of {made.lines:,} lines were left out, being of no known form"
        SESSION.say(f"{words}: {', '.join(made.named)}{' …' if made.wrong > 3 else ''}.")
    if missing:
        SESSION.say(f"{missing:,} of the range files are missing: their hashes are not known.")
    SESSION.done(f"{made.hashes:,} hashes are in {made.path} ({made.size:,} octets).", row)


@app.command("check")
def check(index: At = None) -> int:
    """Say whether a password is known; asks for it, or reads it from standard input."""
    with Index.open(_index(index)) as found:
        if sys.stdin.isatty():
            password = getpass.getpass("Password: ").encode()
        else:
            # Octets as they are: the list may have been one of another encoding.
            password = sys.stdin.buffer.readline().rstrip(b"\r\n")
        if not password:
            raise Refusal("password-missing", "No password was given.", remedy="Type one.")
        known = found.has(hashlib.sha1(password, usedforsecurity=False).digest())
    words = (
        "This password is known from leaks: do not use it."
        if known
        else "This password is not among the known ones."
    )
    SESSION.done(words, {"breached": known})
    return PARTLY if known else OK


@app.command("mailboxes")
def mailboxes(
    search: options.Search = "",
    limit: options.Limit = 50,
) -> None:
    """List mailboxes that are opened with a password known from leaks, those seen last first."""
    SESSION.control()
    found: Any
    if SESSION.client is not None:
        from mailstead.cli.remote.things import Listed, thing

        found = Listed("/breached-mailboxes", thing, q=search)
        SESSION.print_rows([_mailbox(row) for row in found.page(limit, "")[0]])
        return
    from mailstead.control.protection import queries

    found = queries.breached(SESSION.actor(), search=search)
    SESSION.print_rows([_mailbox(row) for row in found[:limit]])


def _mailbox(row: Any) -> Row:
    customer = row.customer_name if SESSION.client is not None else row.domain.customer.name
    return {
        "id": row.pk,
        "address": row.address,
        "customer": customer,
        "seen": row.leaked_at,
        "sends_until": row.leaked_due,
    }


@app.command("info")
def info(
    index: At = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read all of it and compare the checksums.")
    ] = False,
) -> None:
    """Show what the index holds and when it was made."""
    with Index.open(_index(index)) as found:
        if verify:
            found.verify()
        header = found.header
        row = {
            "path": str(found.path),
            "hashes": header.hashes,
            "made": dt.datetime.fromtimestamp(header.made, dt.UTC),
            "octets": header.size,
            "octets_per_hash": round(header.size / max(1, header.hashes), 3),
            "parts": 1 << header.bits,
        }
    if verify:
        row["verified"] = True
    SESSION.print_row(row)
