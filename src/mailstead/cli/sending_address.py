"""`mailstead sending-address`: by which addresses mail leaves, and which rest."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from mailstead.cli.session import SESSION, Row, now
from mailstead.standards.refusal import Refusal

if TYPE_CHECKING:
    from mailstead.control.delivery.models import SendingAddress

app = typer.Typer(help="Addresses by which mail leaves.", no_args_is_help=True)
Classes = Annotated[
    str, typer.Option("--classes", help="Of own, forwarded, suspect, notices; commas between.")
]
Helo = Annotated[str, typer.Option("--name", help="Its name in the DNS (PTR record).")]
State = Annotated[str, typer.Option("--state", help="warming, active or paused.")]
Note = Annotated[str, typer.Option("--note", help="For whoever reads it later.")]
Receiver = Annotated[
    str, typer.Option("--receiver", help="Such as google, or a domain; * means all.")
]


def _row(address: SendingAddress) -> Row:
    return {
        "number": address.pk,
        "name": address.helo,
        "server": address.server.name,
        "ipv4": address.ipv4,
        "ipv6": address.ipv6,
        "state": address.state,
        "classes": ", ".join(address.classes),
        "new_since": address.warm_since.isoformat() if address.warm_since else "",
        "note": address.note,
    }


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@app.command("add")
def add(
    name: Helo,
    ipv4: Annotated[str, typer.Option("--ipv4")] = "",
    ipv6: Annotated[str, typer.Option("--ipv6")] = "",
    classes: Classes = "own",
    state: State = "warming",
    note: Note = "",
    node: Annotated[str, typer.Option("--node", help="The server whose it is.")] = "node1",
) -> None:
    """Add an address that the node's machine has already."""
    SESSION.control()
    from mailstead.control.delivery import services
    from mailstead.control.hosting import queries as hosting

    made = services.create_address(
        actor=SESSION.actor(),
        now=now(),
        server=hosting.server_named(SESSION.actor(), node),
        ipv4=ipv4,
        ipv6=ipv6,
        helo=name,
        classes=_split(classes),
        state=state,
        note=note,
    )
    SESSION.done(f"Mail leaves by {made.helo} from now on.", _row(made))


@app.command("list")
def list_() -> None:
    """List the addresses."""
    SESSION.control()
    from mailstead.control.delivery import queries

    SESSION.print_rows([_row(one) for one in queries.sending_addresses(SESSION.actor())])


@app.command("set")
def set_(
    number: int, name: Helo = "", classes: Classes = "", state: State = "", note: Note = ""
) -> None:
    """Change what is given."""
    SESSION.control()
    from mailstead.control.delivery import queries, services

    found = queries.sending_address(SESSION.actor(), number)
    services.update_address(
        actor=SESSION.actor(),
        now=now(),
        address=found,
        helo=name or None,
        classes=_split(classes) or None,
        state=state or None,
        note=note or None,
    )
    SESSION.done(f"Changed {found.helo}.", _row(found))


@app.command("remove")
def remove(number: int) -> None:
    """Let no mail leave by an address any more."""
    SESSION.control()
    from mailstead.control.delivery import queries, services

    found = queries.sending_address(SESSION.actor(), number)
    row = _row(found)
    services.remove_address(actor=SESSION.actor(), now=now(), address=found)
    SESSION.done(f"{row['name']} is no sending address any more.", row)


@app.command("rests")
def rests() -> None:
    """List what rests now, until when and why."""
    SESSION.control()
    from mailstead.control.delivery import queries

    SESSION.print_rows(
        [
            {
                "number": one.address,
                "receiver": one.receiver,
                "kind": one.kind,
                "until": one.until,
                "times": one.times,
                "reply": one.reply,
            }
            for one in queries.rests(SESSION.actor(), now())
        ]
    )


@app.command("decisions")
def decisions() -> None:
    """List when mail began to go another way, and why; the newest first."""
    SESSION.control()
    from mailstead.control.delivery import queries

    SESSION.print_rows(
        [
            {
                "at": one.at,
                "class": one.mail_class,
                "receiver": one.receiver,
                "way": one.way,
                "why": one.why,
            }
            for one in queries.choices(SESSION.actor())[:200]
        ]
    )


@app.command("rest")
def rest(
    number: int,
    receiver: Receiver = "*",
    hours: Annotated[float, typer.Option("--hours", help="How long.")] = 24.0,
) -> None:
    """Let an address rest from a receiver."""
    _order(number, receiver, now() + dt.timedelta(hours=hours), "rests")


@app.command("end-rest")
def end_rest(number: int, receiver: Receiver = "*") -> None:
    """End a rest before its time."""
    _order(number, receiver, None, "may be used again")


def _order(number: int, receiver: str, until: dt.datetime | None, words: str) -> None:
    SESSION.control()
    from mailstead.control.delivery import queries, services

    found = queries.sending_address(SESSION.actor(), number)
    done = services.rest_address(
        actor=SESSION.actor(), now=now(), address=found, receiver=receiver, until=until
    )
    row: Row = {"number": number, "receiver": receiver, "until": until, "done": done}
    SESSION.done(f"{found.helo} {words}." if done else "The node has been asked.", row)


@app.command("relay")
def relay(
    host: Annotated[str, typer.Argument(help="Empty: no relay.")] = "",
    port: Annotated[int, typer.Option("--port")] = 587,
    login: Annotated[str, typer.Option("--login")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    node: Annotated[str, typer.Option("--node", help="The server whose it is.")] = "node1",
) -> None:
    """Name the server that takes mail when no address may."""
    SESSION.control()
    from mailstead.control.delivery import services
    from mailstead.control.hosting import queries as hosting

    services.set_relay(
        actor=SESSION.actor(),
        now=now(),
        server=hosting.server_named(SESSION.actor(), node),
        host=host,
        port=port,
        login=login,
        password=typer.get_text_stream("stdin").readline().strip() if password_stdin else None,
    )
    row: Row = {"host": host, "port": port, "login": login}
    SESSION.done(f"The relay is {host}." if host else "There is no relay.", row)


@app.command("mark")
def mark(
    sender: Annotated[str, typer.Argument(help="An address, or a domain as @example.org.")],
    to: Annotated[
        str, typer.Option("--as", help="own, forwarded, suspect, notices; empty: no mark.")
    ] = "suspect",
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
) -> None:
    """Say of which class a sender's mail is."""
    SESSION.control()
    from mailstead.control.delivery import queries, services

    row: Row = {"sender": sender, "as": to}
    if to:
        services.mark_sender(actor=SESSION.actor(), now=now(), sender=sender, to=to, reason=reason)
        SESSION.done(f"Mail of {sender} leaves as {to}.", row)
        return
    found = queries.sender_marks(SESSION.actor()).filter(sender=sender.lower()).first()
    if found is None:
        raise Refusal("mark-unknown", "{sender} is not marked.", sender=sender)
    services.unmark_sender(actor=SESSION.actor(), now=now(), mark=found)
    SESSION.done(f"Mail of {sender} leaves as any other.", row)
