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

from bench.population import SECRET, Population

if TYPE_CHECKING:
    from mailstead.control.hosting.models import Mailbox
    from mailstead.control.hosting.services.bulk import RowResult
    from mailstead.control.people.actor import Actor

T = TypeVar("T")


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
        from mailstead.control.hosting.services.mailboxes import create_mailbox

        create_mailbox(actor=actor, address=command.address, secret=SECRET, now=now)
    else:
        _change(actor, command, now)
    return Answer(at=time.monotonic())


def _change(actor: Actor, command: Command, now: dt.datetime) -> None:
    from mailstead.control.hosting.services.mailboxes import set_password, suspend_mailbox

    mailbox = _mailbox(command.address)
    if command.do == "password":
        set_password(actor=actor, mailbox=mailbox, password=command.password, now=now)
    else:
        suspend_mailbox(actor=actor, mailbox=mailbox, what="receiving", reason="measured", now=now)


def _mailbox(address: str) -> Mailbox:
    from mailstead.control.hosting.models import Mailbox

    return Mailbox.objects.living().get(address=address)


def _populate(actor: Actor, population: Population, now: dt.datetime) -> None:
    from mailstead.config import home_from_environment, load
    from mailstead.control.hosting.services.bulk import (
        BATCH,
        DomainRow,
        MailboxRow,
        import_domains,
        import_mailboxes,
    )

    server = load(home_from_environment()).server
    domains = (
        DomainRow(line=n, name=name, customer="bench", server=server)
        for n, name in enumerate(population.all_domains(), start=1)
    )
    for rows in _batches(domains, BATCH):
        _must(import_domains(actor=actor, rows=rows, now=now))
    mailboxes = (
        MailboxRow(line=n, address=address, secret=SECRET)
        for n, address in enumerate(population.all_addresses(), start=1)
    )
    for rows in _batches(mailboxes, BATCH):
        _must(import_mailboxes(actor=actor, rows=rows, now=now))


def _batches(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(itertools.islice(rows, size)):
        yield batch


def _must(results: Iterable[RowResult]) -> None:
    for result in results:
        if result.status == "refused":
            raise SystemExit(f"Row {result.line} was refused: {result.refusal}")


def _applied() -> Answer:
    from mailstead.config import home_from_environment, load
    from mailstead.control.feed.queries import head

    state = head(load(home_from_environment()).server)
    assert state is not None, "the node's feed has not begun"
    return Answer(at=time.monotonic(), head=state.number, applied=state.applied or 0)


if __name__ == "__main__":
    main()
