"""Changes the control plane of a measured instance from a process that is warm already.

`python -m bench.driver HOME`: reads one command a line as JSON, calls one service, answers with the
time of the commit. What is measured begins there: the start of a Python process is not part of it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from bench.population import QUOTA, SECRET, Population
from mailstead.standards.refusal import Refusal
from mailstead.wire.sending import FIELDS, Ceilings

if TYPE_CHECKING:
    from mailstead.control.people.actor import Actor

T = TypeVar("T")
BATCH = 500
"""Rows in one transaction, as `import` of the command line has them."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What to do; the fields that a command does not need stay empty."""

    do: Literal["populate", "create", "password", "suspend", "applied"]
    address: str = ""
    password: str = ""
    domains: int = 0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was done."""

    at: float
    """`time.monotonic()` right after the commit."""
    head: int = 0
    """Newest revision of the node's feed; `applied` only."""
    applied: int = 0
    """Newest revision that the node has said it holds; `applied` only."""


def main() -> None:
    """Serve commands until standard input ends."""
    from mailstead.control.project import bootstrap

    bootstrap.setup(Path(sys.argv[1]))
    for line in sys.stdin.buffer:
        answer = _do(msgspec.json.decode(line, type=Command))
        print(msgspec.json.encode(answer).decode(), flush=True)


def _do(command: Command) -> Answer:
    from mailstead.control.people.actor import Actor

    actor, now = Actor.operator("bench"), dt.datetime.now(dt.UTC)
    if command.do == "applied":
        return _applied()
    if command.do == "populate":
        _populate(actor, Population(command.domains), now)
    elif command.do == "create":
        from mailstead.control.hosting import queries, services

        domain = queries.domain_named(actor, command.address.partition("@")[2])
        services.create_mailbox(
            actor=actor, now=now, domain=domain, address=command.address, hashed=SECRET
        )
    else:
        _change(actor, command, now)
    return Answer(at=time.monotonic())


def _change(actor: Actor, command: Command, now: dt.datetime) -> None:
    from mailstead.control.hosting import queries, services

    mailbox = queries.mailbox_named(actor, command.address)
    if command.do == "password":
        services.set_password(actor=actor, mailbox=mailbox, password=command.password, now=now)
    else:
        services.suspend_mailbox(
            actor=actor, mailbox=mailbox, what="receiving", reason="measured", now=now
        )


def _populate(actor: Actor, population: Population, now: dt.datetime) -> None:
    from mailstead.config import home_from_environment, load
    from mailstead.control.hosting import queries, services
    from mailstead.control.hosting.rows import DomainRow, MailboxRow

    server = queries.server_named(actor, load(home_from_environment()).server)
    # Counted as everybody is, and never stopped.
    much = Ceilings(**dict.fromkeys(FIELDS, 10_000_000))
    services.set_house_limits(actor=actor, now=now, mailbox=much, customer=much, ramp=())
    customer = services.create_customer(actor=actor, now=now, name="bench").name
    names = (DomainRow(name, customer) for name in population.all_domains())
    for domains in _batches(names):
        _must(
            services.import_domains(actor=actor, rows=domains, now=now, server=server, dkim=False)
        )
    addresses = (
        MailboxRow(address, hashed=SECRET, quota=QUOTA) for address in population.all_addresses()
    )
    for mailboxes in _batches(addresses):
        _must(services.import_mailboxes(actor=actor, rows=mailboxes, now=now))


def _batches(rows: Iterator[T]) -> Iterator[list[T]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


def _must(results: Iterable[Refusal | str]) -> None:
    for result in results:
        if isinstance(result, Refusal):
            raise SystemExit(f"A row was refused: {result}")


def _applied() -> Answer:
    from mailstead.config import home_from_environment, load
    from mailstead.control.feed.queries import head

    state = head(load(home_from_environment()).server)
    assert state is not None, "the node's feed has not begun"
    return Answer(at=time.monotonic(), head=state.revision, applied=state.acked)


if __name__ == "__main__":
    main()
