"""`mailstead move add-imap`, `logins`, `set`, `pace` and `batch`: sources, and how fast it goes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mailstead.cli.session import SESSION, Row, now
from mailstead.standards.refusal import Refusal
from mailstead.standards.sizes import size

Number = Annotated[int, typer.Argument(help="Number of the move.")]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", help="File with address,password[,user] in each line; - is stdin."),
]
Port = Annotated[int, typer.Option("--port")]
Tls = Annotated[str, typer.Option("--tls", help="imaps, starttls or none.")]
Prefix = Annotated[
    str, typer.Option("--prefix", help="Of its folders, as INBOX.; empty: what the server says.")
]
MasterUser = Annotated[
    str, typer.Option("--master-user", help="Logs in for all; its password is the first line.")
]
AnyCertificate = Annotated[
    bool, typer.Option("--any-certificate", help="Do not check the server's certificate.")
]
Rate = Annotated[
    str | None,
    typer.Option("--octets-per-second", help="Bytes in a second, as 5M; none: no bound."),
]


def home_of(customer: str, new_customer: str, server: str) -> Any:
    """The server on which a move for one of these customers ends.

    Raises `Refusal` (`customer-ways`, `server-missing`).
    """
    from mailstead.cli.door import queries

    if bool(customer) == bool(new_customer):
        raise Refusal(
            "customer-ways",
            "Name a customer who is there, or the name of one to be made.",
            remedy="Use one of --customer and --new-customer.",
        )
    actor = SESSION.actor()
    node = queries.server_named(actor, server) if server else queries.servers(actor).first()
    if node is None:
        raise Refusal("server-missing", "There is no server yet.", remedy="Add one first.")
    return node


def add_imap(
    host: Annotated[str, typer.Argument(help="The IMAP server.")],
    mailboxes: Csv,
    customer: Annotated[str, typer.Option("--customer", help="Who gets it.")] = "",
    new_customer: Annotated[
        str, typer.Option("--new-customer", help="Make a customer of this name.")
    ] = "",
    server: Annotated[str, typer.Option("--node", help="The home server.")] = "",
    port: Port = 993,
    tls: Tls = "imaps",
    prefix: Prefix = "",
    master_user: MasterUser = "",
    any_certificate: AnyCertificate = False,
    old_host: Annotated[
        str,
        typer.Option("--old-host", help="The old mail server, which gets mail until the switch."),
    ] = "",
    batch: Annotated[str, typer.Option("--batch", help="To which batch it belongs.")] = "",
) -> None:
    """Plan a move of mailboxes from any IMAP server; the home server then tries the log-ins."""
    SESSION.control()
    from mailstead.cli.door import move_acts, moves, queries

    actor = SESSION.actor()
    node = home_of(customer, new_customer, server)
    login = _login(host, port, tls, prefix, any_certificate, master_user)
    made = move_acts.create_imap_move(
        actor=actor,
        now=now(),
        login=login,
        rows=move_acts.read_csv(_text(mailboxes)),
        server=node,
        customer=queries.customer_named(actor, customer) if customer else None,
        customer_name=new_customer,
        old_host=old_host,
        batch=moves.batch_named(actor, batch) if batch else None,
    )
    SESSION.done(f"Move {made.pk} is planned; its log-ins are tried.", _row(made.pk))


def logins(
    number: Number,
    mailboxes: Csv = None,
    host: Annotated[str, typer.Option("--host", help="Another IMAP server.")] = "",
    port: Port = 993,
    tls: Tls = "imaps",
    prefix: Prefix = "",
    master_user: MasterUser = "",
    any_certificate: AnyCertificate = False,
) -> None:
    """Give other passwords for mailboxes of an IMAP server, or another server."""
    move = _found(number)
    from mailstead.cli.door import move_acts

    if not host and mailboxes is None:
        raise Refusal("nothing-given", "Nothing is to be changed.", remedy="Use --csv or --host.")
    login = _login(host, port, tls, prefix, any_certificate, master_user) if host else None
    move_acts.update_logins(
        actor=SESSION.actor(),
        now=now(),
        move=move,
        rows=move_acts.read_csv(_text(mailboxes)) if mailboxes else (),
        login=login,
    )
    SESSION.done("The log-ins are tried.", _row(number))


def _login(
    host: str, port: int, tls: str, prefix: str, any_certificate: bool, master_user: str
) -> Any:
    from mailstead.foreign.imap import ImapLogin

    return ImapLogin(
        host=host,
        port=port,
        tls=tls,
        prefix=prefix,
        verify=not any_certificate,
        master_user=master_user,
        master_password=sys.stdin.readline().rstrip("\r\n") if master_user else "",
    )


def _text(path: Path | None) -> str:
    try:
        if path is not None and str(path) == "-":
            return sys.stdin.read()
        return path.read_text(encoding="utf-8-sig") if path else ""
    except (OSError, UnicodeError) as error:
        raise Refusal(
            "csv-unreadable",
            "{path} cannot be read.",
            remedy="Give a CSV file in UTF-8.",
            path=path,
        ) from error


def set_(
    number: Number,
    customer: Annotated[str, typer.Option("--customer", help="Who gets it.")] = "",
    new_customer: Annotated[
        str, typer.Option("--new-customer", help="Make a customer of this name.")
    ] = "",
    old_host: Annotated[
        str | None, typer.Option("--old-host", help="The old mail server; empty: none.")
    ] = None,
    batch: Annotated[str | None, typer.Option("--batch", help="Empty: none.")] = None,
    note: Annotated[
        str | None, typer.Option("--note", help="What the announcement says besides.")
    ] = None,
    rate: Rate = None,
) -> None:
    """Change what was asked of a move; a pace holds for copies that run."""
    move = _found(number)
    from mailstead.cli.door import move_acts, moves, queries

    actor = SESSION.actor()
    move_acts.update_move(
        actor=actor,
        now=now(),
        move=move,
        customer=queries.customer_named(actor, customer) if customer else None,
        customer_name=new_customer or None,
        old_host=old_host,
        batch=moves.batch_named(actor, batch) if batch else None,
        no_batch=batch == "",
        note_words=note,
        octets_per_second=None if rate is None else size(rate),
    )
    SESSION.done("Changed.", _row(number))


def pace(
    server: Annotated[str, typer.Argument(help="Of which server; empty: show all.")] = "",
    at_once: Annotated[
        int | None, typer.Option("--at-once", help="Copies that run at the same time.")
    ] = None,
    rate: Rate = None,
) -> None:
    """Show how much the servers copy at once, or change it; it holds for copies that run."""
    SESSION.control()
    from mailstead.cli.door import move_acts, moves, queries

    actor = SESSION.actor()
    if server and (at_once is not None or rate is not None):
        move_acts.set_pace(
            actor=actor,
            now=now(),
            server=queries.server_named(actor, server),
            at_once=at_once,
            octets_per_second=None if rate is None else size(rate),
        )
    elif at_once is not None or rate is not None:
        raise Refusal("server-missing", "Whose pace?", remedy="Name the server.")
    names = ("server", "at_once", "octets_per_second", "copying", "waiting")
    SESSION.print_rows(
        [
            {name: getattr(one, name) for name in names}
            for one in moves.paces(actor)
            if server in ("", one.server)
        ]
    )


def batch(
    name: Annotated[str, typer.Argument(help="The batch; empty: show all.")] = "",
    at_once: Annotated[
        int | None, typer.Option("--at-once", help="Moves that copy at the same time.")
    ] = None,
) -> None:
    """Show the batches; with --at-once make one, or change it."""
    SESSION.control()
    from mailstead.cli.door import move_acts, moves

    actor = SESSION.actor()
    if name and at_once is not None:
        there = next((one for one in moves.batches(actor) if one.name == name), None)
        if there is None:
            move_acts.create_batch(actor=actor, now=now(), name=name, at_once=at_once)
        else:
            move_acts.update_batch(actor=actor, now=now(), batch=there, at_once=at_once)
    SESSION.print_rows(
        [
            {"name": one.name, "at_once": one.at_once}
            for one in moves.batches(actor)
            if name in ("", one.name)
        ]
    )


def _found(number: int) -> Any:
    SESSION.control()
    from mailstead.cli.door import moves

    return moves.move_told(SESSION.actor(), number)


def _row(number: int) -> Row:
    row = _found(number)
    names = ("place", "customer_name", "old_host", "state", "reading", "asks", "note")
    plain = {name: getattr(row, name) for name in names}
    batch = getattr(row.batch, "name", row.batch) or ""
    return {"number": row.pk, **plain, "batch": batch, "octets_per_second": row.octets_per_second}


def webmail(
    number: Number,
    into: Annotated[Path, typer.Option("--into", help="The SQLite file of a Roundcube 1.6.")],
    host: Annotated[
        str, typer.Option("--host", help="The IMAP server, as that Roundcube calls it.")
    ] = "localhost",
) -> None:
    """Put contacts, senders and texts of the old webmail into a Roundcube; again does no harm."""
    SESSION.refuse_server()
    SESSION.control()
    from mailstead.cli.door import move_acts, moves

    actor = SESSION.actor()
    done = move_acts.put_webmail(
        actor=actor, now=now(), move=moves.move_told(actor, number), database=into, host=host
    )
    SESSION.print_rows([{"mailbox": address, **added._asdict()} for address, added in done])
