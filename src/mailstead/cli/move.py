"""`mailstead move`: customers brought in from elsewhere."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from mailstead.cli import move_sources, options
from mailstead.cli.session import SESSION, Row, moment, now
from mailstead.standards.refusal import Refusal

app = typer.Typer(help="Customers brought in from elsewhere.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="Number of the move.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; stands in the audit trail.")]
OldHost = Annotated[
    str, typer.Option("--old-host", help="The old mail server, which gets mail until the switch.")
]


@app.command("add")
def add(
    place: Annotated[str, typer.Argument(help="Archive or directory on the server.")],
    customer: Annotated[str, typer.Option("--customer", help="Who gets it.")] = "",
    new_customer: Annotated[
        str, typer.Option("--new-customer", help="Make a customer of this name.")
    ] = "",
    server: Annotated[str, typer.Option("--node", help="The home server.")] = "",
    account: Annotated[str, typer.Option("--account", help="One of a live server's.")] = "",
    old_host: OldHost = "",
    batch: Annotated[str, typer.Option("--batch", help="To which batch it belongs.")] = "",
) -> None:
    """Read an account and plan what will come; nothing is made yet."""
    SESSION.control()
    from mailstead.cli.door import move_acts, moves, queries

    actor = SESSION.actor()
    node = move_sources.home_of(customer, new_customer, server)
    if SESSION.client is None and not Path(place).exists():
        raise Refusal("source-missing", "There is nothing at {source}.", source=place)
    made = move_acts.create_move(
        actor=actor,
        now=now(),
        place=place,
        server=node,
        customer=queries.customer_named(actor, customer) if customer else None,
        customer_name=new_customer,
        account=account,
        old_host=old_host,
        batch=moves.batch_named(actor, batch) if batch else None,
    )
    if made.reading == "":
        move_acts.read_now(made)
    row = _found(made.pk)
    SESSION.done(f"Move {row.pk} is {row.reading or row.state}.", _row(row))


app.command("add-imap")(move_sources.add_imap)
app.command("logins")(move_sources.logins)
app.command("set")(move_sources.set_)
app.command("pace")(move_sources.pace)
app.command("batch")(move_sources.batch)
app.command("webmail")(move_sources.webmail)


@app.command("add-server")
def add_server(
    server: Annotated[str, typer.Argument(help="The new home server.")],
    customer: Annotated[str, typer.Option("--customer", help="Whose domains.")] = "",
    domains: Annotated[
        list[str] | None, typer.Option("--domain", help="Only this one; may be repeated.")
    ] = None,
    batch: Annotated[str, typer.Option("--batch", help="To which batch it belongs.")] = "",
) -> None:
    """Plan a move of a customer or of domains to another server of yours."""
    SESSION.control()
    from mailstead.cli.door import move_acts, moves, queries

    actor = SESSION.actor()
    made = move_acts.create_own_move(
        actor=actor,
        now=now(),
        server=queries.server_named(actor, server),
        customer=queries.customer_named(actor, customer) if customer else None,
        domains=[queries.domain_named(actor, name) for name in domains or ()],
        batch=moves.batch_named(actor, batch) if batch else None,
    )
    SESSION.done(f"Move {made.pk} is planned.", _row(_found(made.pk)))


@app.command("list")
def list_(
    search: options.Search = "",
    state: Annotated[str, typer.Option("--state", help="A state, or open.")] = "",
    limit: options.Limit = 50,
) -> None:
    """List moves, the newest first."""
    SESSION.control()
    from mailstead.cli.door import moves

    found = moves.moves(SESSION.actor(), state=state, search=search)
    SESSION.print_rows([_row(moves.with_figures(row)) for row in found[:limit]])


@app.command("show")
def show(number: Number) -> None:
    """Show a move and how far it is."""
    SESSION.print_row(_row(_found(number)))


@app.command("dns")
def dns(
    number: Number,
    check: Annotated[
        bool, typer.Option("--check", help="Have all of them looked at within seconds.")
    ] = False,
) -> None:
    """Show whether the DNS of each domain leads here already, by the last look at it."""
    move = _found(number)
    from mailstead.cli.door import move_acts, moves

    if check:
        move_acts.look_at_dns(actor=SESSION.actor(), now=now(), move=move)
    SESSION.print_rows(
        [
            {
                "domain": one.domain.name,
                "state": one.state,
                "hosts": list(one.hosts),
                "missing": list(one.missing),
                "at": one.at,
            }
            for one in moves.pointing(move)
        ]
    )


@app.command("read")
def read(number: Number) -> None:
    """Read the source again; of an IMAP server: try the log-ins."""
    move = _found(number)
    from mailstead.cli.door import move_acts

    if SESSION.client is not None:
        move_acts.ask_reading(actor=SESSION.actor(), now=now(), move=move)
        _done(number, "It is read.")
        return
    move_acts.read_now(move)
    SESSION.done(f"Move {number} is planned.", _row(_found(number)))


@app.command("plan")
def plan(
    number: Number,
    grade: Annotated[
        str,
        typer.Option(
            "--grade",
            help="carried, differs, refused, asks; notable: all that is not carried; empty: all.",
        ),
    ] = "",
    domain: Annotated[str, typer.Option("--domain", help="Of this one alone.")] = "",
    by_domain: Annotated[
        bool, typer.Option("--by-domain", help="Figures of each domain instead of rows.")
    ] = False,
) -> None:
    """Show what comes, what differs, what does not come and what has to be decided."""
    move = _found(number)
    from mailstead.cli.door import moves

    if by_domain:
        SESSION.print_rows([dict(row) for row in moves.domains_told(move)])
        return
    found = moves.rows_told(move, grade=grade, domain=domain)
    SESSION.print_rows([_plan_row(row) for row in found])


@app.command("room")
def room(number: Number) -> None:
    """Ask the home server whether it has room for what comes."""
    SESSION.refuse_server()
    move = _found(number)
    from mailstead.cli.door import move_acts

    found = move_acts.check_node(actor=SESSION.actor(), now=now(), move=move)
    SESSION.print_rows(
        [
            {"limit": one.name, "needed": one.needed, "there": one.limit, "state": one.state}
            for one in found
        ]
    )


@app.command("answer")
def answer(
    number: Number,
    key: Annotated[str, typer.Argument(help="Key of a row of the plan.")],
    choice: Annotated[str, typer.Argument(help="One of its choices; empty: take it back.")],
) -> None:
    """Decide what the plan asks."""
    move = _found(number)
    from mailstead.cli.door import move_acts

    move_acts.answer(actor=SESSION.actor(), now=now(), move=move, answers={key: choice})
    _done(number, "Planned anew.")


@app.command("announce")
def announce(
    number: Number,
    begins: Annotated[str, typer.Option("--from", help="When it begins: 2026-12-24T18:00+01:00.")],
    ends: Annotated[str, typer.Option("--until", help="When it will be over.")],
    time_zone: Annotated[str, typer.Option("--time-zone", help="Of the letters.")] = "UTC",
    note: Annotated[str, typer.Option("--note", help="What the letters say besides.")] = "",
    only_owner: Annotated[
        bool, typer.Option("--only-owner", help="Do not write to the mailboxes.")
    ] = False,
) -> None:
    """Write to the owner and to the mailboxes when it will happen."""
    move = _found(number)
    from mailstead.cli.door import move_acts

    move_acts.announce(
        actor=SESSION.actor(),
        now=now(),
        move=move,
        window_from=_time(begins),
        window_until=_time(ends),
        time_zone=time_zone,
        note=note,
        to_mailboxes=not only_owner,
    )
    _done(number, "Announced.")


def _time(text: str) -> dt.datetime:
    found = moment(text)
    assert found is not None
    return found


@app.command("start")
def start(number: Number, reason: Reason = "") -> None:
    """Make everything here, then copy the mail."""
    _act("start", number, "Started.", reason=reason)


@app.command("pause")
def pause(number: Number, reason: Reason = "") -> None:
    """Stop the copies where they stand."""
    _act("pause", number, "The copies stop.", paused=True, reason=reason)


@app.command("resume")
def resume(number: Number, reason: Reason = "") -> None:
    """Let the copies go on, and try again what could not be made."""
    _act("go_on", number, "The move goes on.", reason=reason)


@app.command("copy")
def copy(
    number: Number,
    anew: Annotated[
        bool,
        typer.Option(
            "--anew",
            help="Compare both sides whole: what was lost here comes again, and also what its user "
            "has deleted here.",
        ),
    ] = False,
    mailbox: Annotated[str, typer.Option("--mailbox", help="Only this one's; empty: all.")] = "",
    reason: Reason = "",
) -> None:
    """Copy what has changed since the last round, or look at everything again."""
    words = "Everything is looked at again." if anew else "Another round begins."
    _act("copy_again", number, words, anew=anew, mailbox=mailbox, reason=reason)


@app.command("switch")
def switch(
    number: Number,
    force: Annotated[
        bool, typer.Option("--force", help="Though some mailbox has not been copied once.")
    ] = False,
    reason: Reason = "",
) -> None:
    """Deliver the mail here from now on."""
    _act("switch", number, "Switched.", force=force, reason=reason)


@app.command("verify")
def verify(number: Number, reason: Reason = "") -> None:
    """Give the customer the parity report."""
    _act("verify", number, "The customer is asked.", reason=reason)


@app.command("confirm")
def confirm(number: Number, reason: Reason = "") -> None:
    """Confirm in the customer's place that all is there."""
    _act("confirm", number, "Confirmed.", reason=reason)


@app.command("finish")
def finish(number: Number, reason: Reason = "") -> None:
    """End the move: the old server is needed no more."""
    _act("finish", number, "Done.", reason=reason)


@app.command("back")
def back(number: Number, old_host: OldHost = "", reason: Reason = "") -> None:
    """Take the move back: mail goes to the old server again, what has come here since too."""
    _act("back", number, "Taken back.", old_host=old_host, reason=reason)


@app.command("returns")
def returns(number: Number) -> None:
    """Show what is brought to the old server after a move was taken back."""
    move = _found(number)
    from mailstead.cli.door import moves

    names = ("id", "address", "state", "settled", "arrived", "saved", "returned", "failed", "kept")
    SESSION.print_rows(
        [
            {name: getattr(one, name) for name in names} | {"words": one.words}
            for one in moves.brought_back(move)
        ]
    )


@app.command("return")
def return_(number: Number, reason: Reason = "") -> None:
    """Try again what is left to bring to the old server."""
    _act("bring_back_again", number, "What is left is tried again.", reason=reason)


@app.command("end-return")
def end_return(number: Number, reason: Reason = "") -> None:
    """Wait no longer for the old server: what it has not taken stays in the files."""
    _act("end_returning", number, "Taken back.", reason=reason)


@app.command("remove")
def remove(number: Number) -> None:
    """Forget a move that has not begun."""
    move = _found(number)
    from mailstead.cli.door import move_acts

    row = _row(move)
    move_acts.remove_move(actor=SESSION.actor(), now=now(), move=move)
    SESSION.done(f"Forgot the move {number}.", row)


@app.command("report")
def report(number: Number) -> None:
    """Show the parity report: what is not as it was, and how each mailbox was counted."""
    move = _found(number)
    from mailstead.cli.door import moves

    SESSION.print_rows(moves.report_lines(move))


@app.command("redirects")
def redirects(number: Number) -> None:
    """Show which old addresses lead here, who still comes by them, and until when."""
    move = _found(number)
    from mailstead.cli.door import moves

    names = ("host", "via", "hits", "last_seen", "expires_at")
    found = moves.old_addresses(move)
    SESSION.print_rows([{name: getattr(one, name) for name in names} for one in found])


@app.command("redirect")
def redirect(
    number: Number,
    host: Annotated[str, typer.Argument(help="A name of the old panel.")],
    days: Annotated[int, typer.Option("--days", help="For how long.")] = 90,
) -> None:
    """Let another name of the old panel lead here, or one that does for longer."""
    move = _found(number)
    from mailstead.cli.door import move_acts

    move_acts.add_redirect(actor=SESSION.actor(), now=now(), move=move, host=host, days=days)
    _done(number, f"{host} leads here.")


@app.command("end-redirect")
def end_redirect(
    number: Number,
    host: Annotated[str, typer.Argument(help="A name of the old panel.")],
) -> None:
    """Answer an old name no more."""
    move = _found(number)
    from mailstead.cli.door import move_acts

    move_acts.end_redirect(actor=SESSION.actor(), now=now(), move=move, host=host)
    _done(number, f"{host} leads here no more.")


def _act(name: str, number: int, words: str, **values: Any) -> None:
    move = _found(number)
    from mailstead.cli.door import move_acts

    getattr(move_acts, name)(actor=SESSION.actor(), now=now(), move=move, **values)
    _done(number, words)


def _done(number: int, words: str) -> None:
    SESSION.done(words, _row(_found(number)))


def _found(number: int) -> Any:
    SESSION.control()
    from mailstead.cli.door import moves

    return moves.move_told(SESSION.actor(), number)


def _row(row: Any) -> Row:
    names = (
        *("account", "customer_name", "place", "state", "reading", "reading_words"),
        *("asks", "percent", "failed"),
    )
    return {
        "number": row.pk,
        **{name: getattr(row, name, None) for name in names},
        "since": row.since,
        "paused": row.paused,
        "grace_until": row.grace_until,
        "phase": getattr(row, "phase", ""),
        "phase_words": getattr(row, "phase_words", ""),
    }


def _plan_row(row: Any) -> Row:
    return {
        "key": row.key,
        "grade": row.grade,
        "why": row.why,
        "choices": list(row.choices),
        "outcome": row.outcome,
        "words": row.outcome_words,
    }
