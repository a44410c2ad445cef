"""What a person answers: one transaction, told to the node, settled in the end, always possible."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailstead.control.feed import services as feed
from mailstead.control.feed.models import Order
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.control.protection import services
from mailstead.control.protection.models import Case, GuardWord, KeptMessage
from mailstead.control.protection.services import settle
from mailstead.standards import password as passwords
from mailstead.wire import codec
from mailstead.wire.changes import GuardWordGone, GuardWordPut, MailboxPut
from mailstead.wire.orders import Answered, DeleteMail, MailMoved, ReleaseMail
from tests.control.company import GRACE, PASSWORD, Company, feed_of, last_change, refused
from tests.control.protection.tales import (
    MINUTE,
    attempt,
    case_seen,
    kept,
    queue_id,
    tell,
    told_case,
)

ANN = "ann@a.example"
NEW = "quite another long password"


@pytest.fixture
def ann(company: Company) -> Company:
    """Ann's mailbox, with a password that is known to the test."""
    company.domain("a.example")
    company.mailbox(ANN, password=PASSWORD)
    return company


def customer(company: Company, **more: Any) -> Actor:
    return Actor(kind="customer", name="carl@x.example", customer=company.customer.pk, **more)


def answer(done: bool = True) -> int:
    """The node does all orders, or finds none of the messages; returns how many orders."""
    page = feed.hand_out("node1", Order.objects.latest("pk").asked_at)
    answers = []
    for one in page.orders:
        assert isinstance(one.order, ReleaseMail | DeleteMail)
        ids = one.order.ids
        moved = MailMoved(done=ids) if done else MailMoved(done=(), missing=ids)
        answers.append(Answered(number=one.number, answer=moved))
    feed.record_answers(server="node1", answers=answers, now=page_time())
    return len(answers)


def page_time() -> dt.datetime:
    return Order.objects.latest("pk").asked_at


def states() -> list[tuple[str, str]]:
    rows = KeptMessage.objects.order_by("pk")
    return list(rows.values_list("decision", "state"))


def test_the_customer_releases_with_a_new_password_and_decides_message_by_message(
    ann: Company,
) -> None:
    case = told_case(ANN, ann.now, messages=3)
    first, second, _ = KeptMessage.objects.order_by("pk")
    carl = customer(ann)
    services.release(
        actor=carl,
        now=ann.now,
        case=case,
        password=NEW,
        decisions={first.pk: "send", second.pk: "delete"},
    )
    case.refresh_from_db()
    assert (case.state, case.decided_by, case.decided_at) == ("released", str(carl), ann.now)
    assert last_change() == GuardWordPut(mailbox=ANN, word="released", at=ann.now)
    assert isinstance(feed_of()[-2], MailboxPut), "the password is set before the mailbox sends"
    assert passwords.verify(NEW, Mailbox.objects.get().secret)
    orders = [codec.decode_order(row.payload.encode()) for row in Order.objects.order_by("pk")]
    assert orders == [ReleaseMail(ids=(first.queue,)), DeleteMail(ids=(second.queue,))]
    assert answer() == 2
    assert services.settle_due(ann.now) == 2
    assert states() == [("send", "sent"), ("delete", "deleted"), ("none", "waiting")]
    verbs = set(AuditEntry.objects.filter(at=ann.now).values_list("verb", flat=True))
    assert {"case.release", "case.decide", "mailbox.set-password"} <= verbs
    entry = AuditEntry.objects.get(verb="case.release")
    assert (entry.customer, entry.label) == (ann.customer.pk, ANN)


def test_the_old_password_and_none_are_refused_and_nothing_is_changed(ann: Company) -> None:
    case = told_case(ANN, ann.now)
    before = len(feed_of())
    for password, code in ((PASSWORD, "password-same"), (None, "password-missing"),
                           ("short", "password-short")):  # fmt: skip
        with refused(code):
            services.release(
                actor=customer(ann), now=ann.now, case=case, password=password, others="send"
            )
    case.refresh_from_db()
    assert case.state == "open"
    assert states() == [("none", "waiting")] * 3
    assert len(feed_of()) == before
    assert not Order.objects.exists()


def test_a_refused_decision_undoes_the_release(ann: Company) -> None:
    case = told_case(ANN, ann.now)
    for decisions, code in (({10**6: "send"}, "kept-unknown"), ({1: "burn"}, "decision-unknown")):
        with refused(code):
            services.release(
                actor=customer(ann), now=ann.now, case=case, password=NEW, decisions=decisions
            )
    assert Case.objects.get().state == "open"
    assert passwords.verify(PASSWORD, Mailbox.objects.get().secret)


def test_who_has_only_the_stolen_password_releases_nothing(ann: Company) -> None:
    case = told_case(ANN, ann.now)
    user = Actor(kind="mailbox", name=ANN, mailbox=Mailbox.objects.get().pk)
    who = {"actor": user, "now": ann.now, "case": case}
    with refused("proof-weak"):
        services.release(**who, password=NEW)
    with refused("proof-weak"):
        services.decide(**who, others="delete")
    with refused("proof-weak"):
        services.recover(**who, wanted=services.Wanted())
    services.release(**who, password=NEW, proven=True)
    assert Case.objects.get().state == "released"


def test_a_stranger_finds_no_case_and_nobody_acts_in_anothers_place(ann: Company) -> None:
    case = told_case(ANN, ann.now)
    other = ann.add_customer("Eve's Shop")
    eve = Actor(kind="customer", name="eve", customer=other.pk)
    for act in (
        lambda actor: services.release(actor=actor, now=ann.now, case=case, password=NEW),
        lambda actor: services.decide(actor=actor, now=ann.now, case=case, others="delete"),
        lambda actor: services.recover(
            actor=actor, now=ann.now, case=case, wanted=services.Wanted()
        ),
    ):
        with refused("object-unknown"):
            act(eve)
    with refused("forbidden"):
        services.confirm(actor=customer(ann), now=ann.now, case=case)
    behind = Actor(kind="staff", name="stan").standing_in(customer(ann), "help")
    with refused("forbidden-for-another"):
        services.release(actor=behind, now=ann.now, case=case, password=NEW)


def test_the_operator_releases_confirms_and_the_newest_word_is_in_the_snapshot(
    ann: Company,
) -> None:
    case = told_case(ANN, ann.now)
    services.confirm(**ann.who, case=case, reason="it is spam")
    assert list(services.snapshot("node1")) == [
        GuardWordPut(mailbox=ANN, word="confirmed", at=ann.now)
    ]
    later = ann.now + MINUTE
    services.release(actor=ann.actor, now=later, case=case)
    put = GuardWordPut(mailbox=ANN, word="released", at=later)
    assert list(services.snapshot("node1")) == [put]
    assert list(services.snapshot("node2")) == []
    assert last_change() == put
    assert passwords.verify(PASSWORD, Mailbox.objects.get().secret), "the password is as it was"
    assert states() == [("none", "waiting")] * 3, "what is not decided stays kept"


def test_one_answer_counts_for_every_open_case_of_the_mailbox(ann: Company) -> None:
    first, second = told_case(ANN, ann.now), told_case(ANN, ann.now, "c2")
    services.release(**ann.who, case=first)
    second.refresh_from_db()
    assert second.state == "released"
    assert AuditEntry.objects.filter(verb="case.release").count() == 2


def test_the_customer_sends_nothing_from_a_mailbox_that_is_held(ann: Company) -> None:
    case = told_case(ANN, ann.now)
    carl = {"actor": customer(ann), "now": ann.now, "case": case}
    with refused("case-not-released"):
        services.decide(**carl, others="send")
    assert services.decide(**carl, others="delete") == 3
    assert services.decide(**carl, others="delete") == 0, "what is decided stays so"


def test_an_order_that_expires_is_given_again_until_it_is_done(ann: Company) -> None:
    case = told_case(ANN, ann.now, messages=2)
    services.decide(**ann.who, case=case, others="send")
    now = ann.now
    for turn in range(3):
        assert Order.objects.count() == turn + 1
        now += feed.ORDER_LIVES + MINUTE
        services.settle_due(now)
        assert states() == [("send", "waiting")] * 2
        now += settle.LONGEST_PAUSE
        services.settle_due(now)
    page = feed.hand_out("node1", now)
    assert len(page.orders) == 1
    assert answer() == 1
    services.settle_due(now)
    assert states() == [("send", "sent")] * 2


def test_an_order_that_the_node_cannot_do_or_that_is_forgotten_is_given_again(
    ann: Company,
) -> None:
    case = told_case(ANN, ann.now, messages=1)
    services.decide(**ann.who, case=case, others="send")
    (order,) = Order.objects.all()
    said = Answered(number=order.pk, words="postsuper: fatal: disk full")
    feed.record_answers(server="node1", answers=[said], now=ann.now)
    services.settle_due(ann.now)
    assert Order.objects.count() == 1, "not at once"
    now = ann.now + settle.FIRST_PAUSE
    services.settle_due(now)
    assert Order.objects.count() == 2
    Order.objects.all().delete()
    services.settle_due(now + MINUTE)
    services.settle_due(now + settle.LONGEST_PAUSE)
    assert Order.objects.count() == 1
    assert states() == [("send", "waiting")]


def test_a_message_is_gone_only_after_the_node_has_looked_again(ann: Company) -> None:
    case = told_case(ANN, ann.now, messages=1)
    services.decide(**ann.who, case=case, others="send")
    now = ann.now
    for _ in range(settle.LOOKS):
        assert states() == [("send", "waiting")]
        answer(done=False)
        services.settle_due(now)
        now += settle.LONGEST_PAUSE
        services.settle_due(now)
    assert states() == [("send", "gone")]
    message = KeptMessage.objects.get()
    tell(now, attempt(message.queue, now, "released"))
    assert states() == [("send", "sent")], "its log says what became of it"


def test_words_end_with_their_mailbox(ann: Company) -> None:
    case = told_case(ANN, ann.now)
    services.confirm(**ann.who, case=case)
    mailbox = Mailbox.objects.get()
    hosting.remove_mailbox(**ann.who, mailbox=mailbox, grace=GRACE)
    assert services.end_words(ann.now) == 0, "it may be restored"
    hosting.purge_expired(ann.now + GRACE)
    assert services.end_words(ann.now + GRACE) == 1
    assert last_change() == GuardWordGone(mailbox=ANN)
    assert not GuardWord.objects.exists()


def test_a_new_mailbox_of_the_address_does_not_inherit_the_word(ann: Company) -> None:
    case = told_case(ANN, ann.now)
    services.confirm(**ann.who, case=case)
    hosting.remove_mailbox(**ann.who, mailbox=Mailbox.objects.get(), grace=GRACE)
    ann.mailbox(ANN)
    assert services.end_words(ann.now) == 1
    assert last_change() == GuardWordGone(mailbox=ANN)


_ACTS = st.lists(
    st.sampled_from(
        [
            "confirm",
            "release",
            "told",
            "closed",
            "kept",
            "delete",
            "send",
            "settle",
            "remove",
            "gone",
        ]
    ),
    max_size=8,
)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=_ACTS)
def test_a_release_is_always_possible(ann: Company, acts: list[str]) -> None:
    """Whatever came before, in whatever state the case and its mailbox are."""
    Case.objects.all().delete()
    Mailbox.objects.all().delete()
    ann.mailbox(ANN)
    now = ann.now
    case = told_case(ANN, now, messages=1)
    for number, act in enumerate(acts):
        now += 20 * MINUTE
        case = Case.objects.select_related(
            "mailbox__domain__customer", "mailbox__domain__server"
        ).get()
        who: dict[str, Any] = {"actor": ann.actor, "now": now, "case": case}
        match act:
            case "confirm":
                services.confirm(**who)
            case "release":
                services.release(**who)
            case "told":
                tell(now, case_seen(ANN, now, step="suspended"))
            case "closed":
                tell(now, case_seen(ANN, now, step="released"))
            case "kept":
                tell(now, kept(ANN, now, queue_id(50 + number)))
            case "delete" | "send":
                services.decide(**who, others=act)
            case "settle":
                services.settle_due(now)
            case "remove":
                Mailbox.objects.update(removed_at=now, purge_after=now)
            case "gone":
                Mailbox.objects.all().delete()
    case = Case.objects.select_related("mailbox__domain__customer", "mailbox__domain__server").get()
    services.release(actor=ann.actor, now=now, case=case, others="send")
    assert last_change() == GuardWordPut(mailbox=ANN, word="released", at=now)
    assert Case.objects.get().state == "released"
    assert not KeptMessage.objects.filter(state="waiting", decision="none").exists()
