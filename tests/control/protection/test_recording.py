"""What nodes tell of stolen mailboxes: recorded once, in whatever order it comes."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from mailstead.control.people.actor import Actor
from mailstead.control.protection import queries, services, words
from mailstead.control.protection.models import Case, KeptMessage
from mailstead.control.protection.services import cases, record
from mailstead.mailplane.guard.evidence import SIGNALS
from tests.control.company import Company
from tests.control.protection.tales import MINUTE, attempt, case_seen, kept, queue_id, tell

ANN = "ann@a.example"
Q = queue_id(1)


@pytest.fixture
def ann(company: Company) -> Company:
    """A company with Ann's mailbox."""
    company.domain("a.example")
    company.mailbox(ANN)
    return company


def facts() -> tuple[object, ...]:
    """All that is kept of the one case and its one message."""
    case, message = Case.objects.get(), KeptMessage.objects.get()
    names = ("address", "step", "nats", "clues", "clients", "messages", "held", "state", "evidence")
    return (
        *(getattr(case, name) for name in names),
        case.mailbox_id is not None,
        message.case_id == case.pk,
        message.subject,
        message.state,
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_in_which_it_comes_makes_no_difference(
    ann: Company, order: tuple[int, ...]
) -> None:
    now = ann.now
    events = (
        case_seen(ANN, now, opened=now - MINUTE, nats=9.5, held=1),
        case_seen(ANN, now + MINUTE, opened=now - MINUTE, nats=13.0, step="suspended", held=2),
        kept(ANN, now, Q),
        kept(ANN, now, Q),
    )
    for place in order:
        tell(now, events[place])
    assert facts() == (
        ANN, "suspended", 13.0, *facts()[3:5], 2, 2, "open",
        [[now.isoformat(), 9.5, "hold"], [(now + MINUTE).isoformat(), 13.0, "suspended"]],
        True, True, f"Hello {Q}", "waiting",
    )  # fmt: skip


def test_a_batch_that_is_sent_twice_is_recorded_once(ann: Company) -> None:
    events = (case_seen(ANN, ann.now), kept(ANN, ann.now, Q))
    assert (tell(ann.now, *events), tell(ann.now, *events)) == (2, 0)
    before = facts()
    record("node1", events, ann.now)
    assert facts() == before


def test_a_mailbox_that_is_not_known_is_the_operators_matter(ann: Company) -> None:
    tell(ann.now, case_seen("who@else.example", ann.now))
    case = Case.objects.get()
    assert (case.mailbox, case.address) == (None, "who@else.example")
    customer = Actor(kind="customer", name="carl", customer=ann.customer.pk)
    assert list(queries.cases(ann.actor)) == [case]
    assert not queries.cases(customer).exists()


def test_another_node_changes_nothing_of_a_case(ann: Company) -> None:
    ann.add_server("node2")
    tell(ann.now, case_seen(ANN, ann.now))
    tell(ann.now, case_seen(ANN, ann.now + MINUTE, nats=50.0), server="node2")
    tell(ann.now, kept(ANN, ann.now, Q), server="node2")
    assert Case.objects.get().nats == 11.5
    assert not KeptMessage.objects.exists()


@pytest.mark.parametrize(("outcome", "state"), [("released", "sent"), ("deleted", "deleted")])
def test_who_acts_on_the_queue_by_hand_settles_the_message(
    ann: Company, outcome: str, state: str
) -> None:
    tell(ann.now, case_seen(ANN, ann.now), kept(ANN, ann.now, Q))
    tell(ann.now, attempt(Q, ann.now - MINUTE, outcome))
    assert KeptMessage.objects.get().state == "waiting", "it was kept after that"
    tell(ann.now, attempt(Q, ann.now + MINUTE, "held"), attempt("other", ann.now, outcome))
    assert KeptMessage.objects.get().state == "waiting"
    tell(ann.now, attempt(Q, ann.now + MINUTE, outcome))
    assert KeptMessage.objects.get().state == state


def test_a_message_that_is_taken_back_for_another_case_waits_again(ann: Company) -> None:
    tell(ann.now, case_seen(ANN, ann.now), kept(ANN, ann.now, Q))
    KeptMessage.objects.update(decision="send", state="sent", decided_by="olga")
    again = kept(ANN, ann.now + MINUTE, Q, case="c2", pulled=True)
    tell(ann.now, again, case_seen(ANN, ann.now + MINUTE, "c2"))
    message = KeptMessage.objects.select_related("case").get()
    assert (message.case.number, message.state, message.decision) == ("c2", "waiting", "none")
    tell(ann.now, kept(ANN, ann.now, Q))
    message.refresh_from_db()
    assert message.case.number == "c2", "what is told late of the first case changes nothing"


def test_a_message_that_is_taken_back_for_the_same_case_waits_again(ann: Company) -> None:
    tell(ann.now, case_seen(ANN, ann.now), kept(ANN, ann.now, Q))
    KeptMessage.objects.update(decision="send")
    tell(ann.now, kept(ANN, ann.now + MINUTE, Q))
    assert KeptMessage.objects.get().decision == "send", "it waited all the time"
    tell(ann.now, attempt(Q, ann.now + 2 * MINUTE, "released"))
    tell(ann.now, kept(ANN, ann.now + 3 * MINUTE, Q, pulled=True))
    message = KeptMessage.objects.get()
    assert (message.state, message.decision) == ("waiting", "none")


@pytest.mark.parametrize(("act", "step"), [("release", "released"), ("confirm", "suspended")])
def test_what_the_node_does_on_a_word_counts_though_its_clock_is_ahead(
    ann: Company, act: str, step: str
) -> None:
    tell(ann.now, case_seen(ANN, ann.now))
    case = queries.newest_case(ann.actor, ANN)
    getattr(services, act)(actor=ann.actor, now=ann.now + MINUTE, case=case)
    tell(ann.now, case_seen(ANN, ann.now + 2 * MINUTE, held=5))
    assert Case.objects.get().step == "hold"
    tell(ann.now, case_seen(ANN, ann.now + MINUTE, step=step))
    assert Case.objects.get().step == step
    assert Case.objects.get().seen_at == ann.now + 2 * MINUTE


def test_a_case_that_the_node_opens_for_a_word_is_answered_already(ann: Company) -> None:
    tell(ann.now, case_seen(ANN, ann.now))
    first = queries.newest_case(ann.actor, ANN)
    services.release(**ann.who, case=first)
    later = ann.now + 60 * MINUTE
    services.confirm(actor=ann.actor, now=later, case=first)
    tell(later, case_seen(ANN, later, "c2", step="suspended", opened=later, nats=0.0))
    second = Case.objects.get(number="c2")
    assert (second.state, second.told_at) == ("confirmed", later)
    tell(later, case_seen(ANN, later + MINUTE, "c3", opened=later + MINUTE))
    assert Case.objects.get(number="c3").state == "open"


def test_a_number_that_is_none_of_postfix_is_left_out(ann: Company) -> None:
    tell(ann.now, case_seen(ANN, ann.now), kept(ANN, ann.now, "ALL"))
    assert not KeptMessage.objects.exists()


def test_the_evidence_over_time_is_bounded_and_keeps_its_ends(ann: Company) -> None:
    tell(ann.now, case_seen(ANN, ann.now, nats=1.0))
    times = [ann.now + dt.timedelta(seconds=n) for n in range(1, 3 * cases.POINTS)]
    tell(times[-1], *(case_seen(ANN, at, nats=float(n)) for n, at in enumerate(times)))
    points = Case.objects.get().evidence
    assert len(points) <= cases.POINTS
    assert points[0][0] == ann.now.isoformat()
    assert points[-1][0] == times[-1].isoformat()
    assert points == sorted(points, key=lambda point: dt.datetime.fromisoformat(point[0]))


def test_a_case_that_ends_by_itself_is_closed_and_opens_again(ann: Company) -> None:
    tell(ann.now, case_seen(ANN, ann.now))
    tell(ann.now, case_seen(ANN, ann.now + MINUTE, step="released", nats=2.0))
    assert Case.objects.get().state == "closed"
    tell(ann.now, case_seen(ANN, ann.now + 30 * MINUTE))
    assert Case.objects.get().state == "open"


def test_every_signal_of_the_guard_has_a_sentence() -> None:
    assert set(words.CLUES) == set(SIGNALS)
    for sentence in words.CLUES.values():
        assert str(sentence).endswith(".")
    assert words.against([{"signal": "new-one", "nats": 1.0, "at": "2026-03-01T00:00:00Z"}]) == [
        "new-one"
    ]


def test_old_cases_are_forgotten_unless_their_mail_waits(ann: Company) -> None:
    tell(ann.now, case_seen(ANN, ann.now), kept(ANN, ann.now, Q))
    tell(ann.now, case_seen(ANN, ann.now, "c2"), case_seen(ANN, ann.now, "c3", step="watched"))
    Case.objects.exclude(number="c3").update(state="released")
    assert services.drop_old_cases(ann.now + cases.KEEP_WATCHED - 5 * MINUTE) == 0
    assert services.drop_old_cases(ann.now + cases.KEEP_WATCHED + MINUTE) == 1
    assert services.drop_old_cases(ann.now + cases.KEEP + MINUTE) == 1
    assert Case.objects.get().number == "c1"
    KeptMessage.objects.update(state="sent")
    assert services.drop_old_cases(ann.now + cases.KEEP + MINUTE) == 1


def test_a_mailbox_that_goes_for_good_leaves_its_case(ann: Company) -> None:
    tell(ann.now, case_seen(ANN, ann.now), kept(ANN, ann.now, Q))
    case = Case.objects.get()
    assert case.mailbox is not None
    case.mailbox.delete()
    case.refresh_from_db()
    assert (case.mailbox, case.address) == (None, ANN)
