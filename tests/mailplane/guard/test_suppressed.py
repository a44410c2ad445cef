"""The guard's rule about recipients who are not there, asked as Postfix asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailstead.home import Home
from mailstead.mailplane.directory.apply import Directory
from mailstead.mailplane.directory.check import _Silent as Silent
from mailstead.mailplane.directory.sending import SendingBook
from mailstead.mailplane.directory.suppressions import SuppressionBook
from mailstead.mailplane.guard import chain, session
from mailstead.mailplane.guard.desk import Desk
from mailstead.mailplane.guard.store import Store
from mailstead.standards import policy
from mailstead.wire.changes import (
    AnyChange,
    DomainGone,
    DomainPut,
    Revision,
    SuppressionGone,
    SuppressionPut,
)

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
ANN, GONE = "ann@here.example", "gone@far.example"
WORDS = "Mail to this address came back more than once; see https://panel.example/1"


def put(mailbox: str = ANN, recipient: str = GONE, days: int = 30) -> SuppressionPut:
    until = NOW + dt.timedelta(days=days)
    return SuppressionPut(mailbox=mailbox, recipient=recipient, until=until, words=WORDS)


class Node:
    """A directory and a guard's desk over it."""

    def __init__(self, root: Path) -> None:
        home = Home(root)
        silent = Silent()
        self.directory = Directory(home, silent, silent, silent)
        self.desk = Desk(
            store=Store(root / "guard.db"),
            sending=SendingBook(home.directory_database),
            suppressions=SuppressionBook(home.directory_database),
            pages="https://panel.example/",
            now=lambda: NOW,
        )

    def apply(self, *changes: AnyChange) -> None:
        first = self.directory.revision + 1
        self.directory.apply(
            [Revision(number=first + n, change=change) for n, change in enumerate(changes)]
        )

    def answer(self, recipient: str, user: str = f"{ANN}/7", stage: str = "RCPT") -> str:
        facts = {
            "protocol_state": stage,
            "sasl_username": user,
            "sender": ANN,
            "recipient": recipient,
        }
        lines = "".join(f"{name}={value}\n" for name, value in facts.items())
        (request,) = policy.Requests().feed(f"request=smtpd_access_policy\n{lines}\n".encode())
        decision = chain.judge(session.read(request), self.desk)
        return str(decision.reply) if decision else "-"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path)
    yield made
    made.directory.close()
    made.desk.store.close()


def test_only_the_mailbox_that_found_out_is_refused_and_only_for_that_recipient(node: Node) -> None:
    node.apply(put())
    assert node.answer(GONE) == node.answer("GONE@Far.example") == f"550 5.1.1 {WORDS}"
    assert node.answer("other@far.example") == "-"
    assert node.answer(GONE, user="bob@here.example/7") == "-"
    assert node.answer(GONE, user=f"{ANN}/12").startswith("550"), "whatever its password"
    assert node.answer(GONE, user="") == "-"


def test_it_ends_when_it_is_let_go_and_when_its_time_is_over(node: Node) -> None:
    node.apply(put())
    assert node.answer(GONE) != "-"
    node.apply(SuppressionGone(mailbox=ANN, recipient=GONE))
    assert node.answer(GONE) == "-"
    node.apply(put(days=-1))
    assert node.answer(GONE) == "-"


def test_it_outlives_its_domain_until_the_control_plane_ends_it(node: Node) -> None:
    node.apply(DomainPut(name="here.example", customer=1, active=True), put())
    node.apply(DomainGone(name="here.example"))
    assert node.answer(GONE) != "-"
