"""`mailstead sending`: how much may be sent, by the house's word, a customer's, a mailbox's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from mailstead.cli.session import SESSION, Row, now
from mailstead.standards.refusal import Refusal
from mailstead.wire.sending import FIELDS, Ceilings

if TYPE_CHECKING:
    from mailstead.control.hosting.queries.sending import RampStep

app = typer.Typer(help="Sending limits.", no_args_is_help=True)

Each = Annotated[
    list[str] | None,
    typer.Option(
        "--each", help="What each mailbox may send: recipients/day=2000, messages/hour=none, none."
    ),
]
Together = Annotated[
    list[str] | None,
    typer.Option("--together", help="What a customer's mailboxes together may send."),
]
Limit = Annotated[
    list[str] | None, typer.Option("--limit", help="What it may send: recipients/hour=50, none.")
]


def _changed(ceilings: Ceilings, words: Sequence[str] | None) -> Ceilings:
    """The ceilings with what was given in their place; `none` alone ends all of them."""
    for word in words or ():
        if word == "none":
            ceilings = Ceilings()
            continue
        name, _, number = word.partition("=")
        name = name.replace("/", "_")
        if name not in FIELDS or not (number == "none" or (number.isascii() and number.isdigit())):
            raise Refusal(
                "ceiling-invalid",
                f"This is no sending limit: {word!a}.",
                remedy="Write it as recipients/hour=300; messages/hour, messages/day, "
                "recipients/hour and recipients/day there are.",
            )
        value = None if number == "none" else int(number)
        ceilings = msgspec.structs.replace(ceilings, **{name: value})
    return ceilings


def _row(ceilings: Ceilings, prefix: str = "") -> Row:
    return {f"{prefix}{name.replace('_', '/')}": getattr(ceilings, name) for name in FIELDS}


@app.command("house")
def house(
    each: Each = None,
    together: Together = None,
    ramp: Annotated[
        list[str] | None,
        typer.Option(
            "--ramp",
            help="Until a customer is so many days old: 7:recipients/day=250; repeatable; the "
            "steps given replace all; none ends it.",
        ),
    ] = None,
) -> None:
    """What holds where nothing else is said; without options, show it."""
    SESSION.refuse_server()
    SESSION.control()
    from mailstead.control.hosting import services
    from mailstead.control.hosting.queries import sending

    said = sending.house()
    if each or together or ramp:
        services.set_house_limits(
            actor=SESSION.actor(),
            now=now(),
            mailbox=_changed(said.mailbox, each),
            customer=_changed(said.customer, together),
            ramp=said.ramp if ramp is None else _steps(ramp),
        )
        said = sending.house()
    steps = [{"until_day": step.days} | _row(step.ceilings) for step in said.ramp]
    row = _row(said.mailbox, "each: ") | _row(said.customer, "together: ") | {"ramp": steps}
    SESSION.print_row(row)


def _steps(words: Sequence[str]) -> list[RampStep]:
    from mailstead.control.hosting.queries import sending

    found: dict[int, Ceilings] = {}
    for word in words:
        if word == "none":
            continue
        days, _, limit = word.partition(":")
        if not days.isascii() or not days.isdigit():
            raise Refusal(
                "ramp-invalid",
                f"This is no step for new customers: {word!a}.",
                remedy="Write it as 7:recipients/day=250.",
            )
        found[int(days)] = _changed(found.get(int(days), Ceilings()), [limit])
    return [sending.RampStep(days=days, ceilings=found[days]) for days in sorted(found)]


@app.command("customer")
def customer(
    name: str,
    each: Each = None,
    together: Together = None,
    ramp: Annotated[
        bool | None, typer.Option("--ramp/--no-ramp", help="Lower limits while it is new.")
    ] = None,
) -> None:
    """What a customer's mailboxes may send; without options, show it."""
    SESSION.refuse_server()
    SESSION.control()
    from mailstead.control.hosting import queries, services
    from mailstead.control.hosting.queries import sending

    found = queries.customer_named(SESSION.actor(), name)
    if each or together or ramp is not None:
        services.set_customer_limits(
            actor=SESSION.actor(),
            now=now(),
            customer=found,
            mailbox=_changed(sending.ceilings_in(found.sending_mailbox), each),
            total=_changed(sending.ceilings_in(found.sending_total), together),
            ramp_exempt=None if ramp is None else not ramp,
        )
    said = sending.house()
    step = sending.account(found, said).at(now())
    SESSION.print_row(
        {"customer": found.name}
        | _row(sending.mailbox_default(found, said), "each: ")
        | _row(step.ceilings, "together: ")
        | {"new_until": step.until.isoformat() if step.until else ""}
    )


@app.command("mailbox")
def mailbox(address: str, limit: Limit = None) -> None:
    """What a mailbox may send and has sent; with --limit, give it limits of its own."""
    SESSION.refuse_server()
    SESSION.control()
    from mailstead.control.hosting import queries, services
    from mailstead.control.hosting.queries import sending

    found = queries.mailbox_named(SESSION.actor(), address)
    if limit:
        services.set_mailbox_limits(
            actor=SESSION.actor(),
            now=now(),
            mailbox=found,
            ceilings=_changed(sending.ceilings_in(found.sending_limits), limit),
        )
    told = sending.sending_of(found, now())
    used = {f"sent: {name.replace('_', '/')}": getattr(told.use, name, 0) for name in FIELDS}
    SESSION.print_row({"address": found.address} | _row(told.ceilings) | used)


@app.command("refused")
def refused() -> None:
    """Who has been refused within a day because a limit was reached."""
    SESSION.refuse_server()
    SESSION.control()
    from mailstead.control.hosting.queries import sending

    found = [
        {
            "whose": row.whose,
            "server": row.server.name,
            "limit": row.page,
            "times": row.refused,
            "last": row.refused_at,
        }
        for row in sending.at_limit(SESSION.actor(), now()).order_by("-refused_at")[:200]
    ]
    SESSION.print_rows(found)
