"""What a person asks of a node: done and audited, shown with its age, and only what is theirs."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from mailstead.control.feed import services as feed
from mailstead.control.feed.models import Order
from mailstead.control.hosting import services
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.wire import codec
from mailstead.wire.changes import Action, Condition, Rule
from mailstead.wire.orders import (
    Answered,
    AnyAnswer,
    AnyOrder,
    FoldersListed,
    Happening,
    HoldMail,
    ListFolders,
    ListQueue,
    MailMoved,
    QueueListed,
    RulesTested,
    SessionsEnded,
    TestRules,
)
from tests.control.company import Company, refused

ID = "4jYmxT3LbbzJMkr"
EMPTY = QueueListed(messages=(), matching=0, total=0, queues=(), domains=(), reasons=())
NOBODYS = "nobody's business"
pytestmark = pytest.mark.django_db(transaction=True)


@contextlib.contextmanager
def node(answer: Callable[[AnyOrder], AnyAnswer | str]) -> Iterator[list[AnyOrder]]:
    """A node that answers every order, or says in words why it cannot."""
    done: list[AnyOrder] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.02):
            now = dt.datetime.now(dt.UTC)
            for row in Order.objects.filter(answered_at=None):
                order = codec.decode_order(row.payload.encode())
                done.append(order)
                said = answer(order)
                answered = (
                    Answered(number=row.pk, words=said)
                    if isinstance(said, str)
                    else Answered(number=row.pk, answer=said)
                )
                feed.record_answers(server=row.server, answers=[answered], now=now)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


def test_messages_are_held_by_the_node_and_the_trail_says_who_asked(company: Company) -> None:
    with node(lambda _: MailMoved(done=(ID,))) as done:
        acted = services.hold_mail(**company.who, server=company.server, ids=[ID, ID])
    assert acted == services.Acted((ID,), ())
    assert done == [HoldMail(ids=(ID,))]
    entry = AuditEntry.objects.get(verb="queue.hold")
    assert (entry.label, entry.after) == ("node1", {"ids": [ID]})


@pytest.mark.parametrize("verb", ["hold_mail", "release_mail", "delete_mail", "requeue_mail"])
def test_all_messages_at_once_cannot_be_named(company: Company, verb: str) -> None:
    act = getattr(services, verb)
    for ids, code in ((["ALL"], "queue-id-invalid"), ([], "queue-ids-many")):
        with refused(code):
            act(**company.who, server=company.server, ids=ids)
    assert not Order.objects.exists()


def test_a_node_that_cannot_is_quoted(company: Company) -> None:
    with node(lambda _: "postsuper: fatal: disk full"), refused("node-cannot") as caught:
        services.delete_mail(**company.who, server=company.server, ids=[ID])
    assert "disk full" in caught.value.words


def test_a_node_that_is_slow_is_not_waited_for(company: Company) -> None:
    acted = services.release_mail(**company.who, server=company.server, ids=[ID], seconds=0.1)
    assert acted.under_way
    assert feed.hand_out("node1", company.now).orders, "it will still be done"


def test_what_a_node_said_before_is_shown_with_its_age(company: Company) -> None:
    ask = {**company.who, "server": company.server}
    with refused("node-silent"):
        services.queue(**ask, seconds=0)
    with node(lambda _: EMPTY):
        fresh = services.queue(**ask)
    assert (fresh.as_of, fresh.late) == (company.now, False)
    later = services.queue(**ask, seconds=0)
    assert later.late
    assert later.answer == EMPTY
    with refused("node-silent"):
        services.queue(**ask, look=ListQueue(reason="other"), seconds=0)


def test_the_queue_is_the_companys_own_matter(company: Company) -> None:
    customer = Actor(kind="customer", name="carl", customer=company.customer.pk)
    for act in (
        lambda: services.queue(actor=customer, now=company.now, server=company.server),
        lambda: services.node_state(actor=customer, now=company.now, server=company.server),
        lambda: services.hold_mail(
            actor=customer, now=company.now, server=company.server, ids=[ID]
        ),
    ):
        with refused("forbidden"):
            act()
    assert not Order.objects.exists()


def test_folders_and_sessions_are_told_to_those_who_see_the_mailbox(company: Company) -> None:
    company.domain("a.example")
    ann = company.mailbox("ann@a.example")
    other = company.mailbox("other@a.example")
    own = Actor(kind="mailbox", name="ann@a.example", mailbox=ann.pk)
    with node(lambda _: FoldersListed(folders=())) as done:
        services.folders(actor=own, now=company.now, mailbox=ann)
    assert done == [ListFolders(address="ann@a.example")]
    for look in (services.folders, services.sessions, services.end_sessions):
        with refused("object-unknown"):
            look(actor=own, now=company.now, mailbox=other)
    with node(lambda _: SessionsEnded(count=2)):
        assert services.end_sessions(actor=own, now=company.now, mailbox=ann) == 2
    entry = AuditEntry.objects.get(verb="mailbox.end-sessions")
    assert (entry.mailbox, entry.label) == (ann.pk, "ann@a.example")


RULES = (
    Rule(
        name="lists",
        enabled=True,
        any_of=False,
        conditions=(Condition(field="subject", match="contains", value="[list]"),),
        actions=(Action(do="file", value="Lists"),),
    ),
)


def test_rules_are_tried_out_by_the_node_and_the_message_is_forgotten(company: Company) -> None:
    company.domain("a.example")
    ann = company.mailbox("ann@a.example")
    own = Actor(kind="mailbox", name="ann@a.example", mailbox=ann.pk)
    said = RulesTested(happenings=(Happening(do="file", value="Lists"),))
    with node(lambda _: said) as done:
        found = services.test_rules(
            actor=own, now=company.now, mailbox=ann, rules=RULES, message=f"Subject: {NOBODYS}\n"
        )
    assert found == said
    (order,) = done
    assert isinstance(order, TestRules)
    assert order.script == services.sieve_text(RULES)
    assert 'fileinto :create "Lists"' in order.script
    row = Order.objects.get()
    assert NOBODYS not in row.payload + row.answer + row.key + row.words
    behind = Actor(kind="staff", name="stan").standing_in(own, "help")
    with refused("forbidden-for-another"):
        services.test_rules(actor=behind, now=company.now, mailbox=ann, rules=(), message="x")
