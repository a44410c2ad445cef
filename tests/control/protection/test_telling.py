"""Who is told of a stolen mailbox: customer and operators, once, and of mail that waits."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.people import services as people
from mailstead.control.people.models import AuditEntry, OutgoingMail
from mailstead.control.protection import services
from mailstead.control.protection.models import Case, KeptMessage
from mailstead.control.protection.services import telling
from tests.control.company import PASSWORD, Company
from tests.control.protection.tales import MINUTE, case_seen, kept, queue_id, tell, told_case

ANN, OLGA, CARL = "ann@a.example", "olga@outside.example", "carl@outside.example"
LATER = telling.GATHER + dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def ann(company: Company) -> Company:
    """Ann's mailbox, whose customer has an address elsewhere, and an operator with mail."""
    people.create_member(
        **company.who, email=OLGA, password=PASSWORD, role="operator", customer=None
    )
    company.customer.email = CARL
    company.customer.save()
    company.domain("a.example")
    company.mailbox(ANN)
    return company


def readers() -> list[str]:
    return sorted(OutgoingMail.objects.values_list("recipient", flat=True))


def test_customer_and_operator_are_told_once_with_the_facts(ann: Company) -> None:
    told_case(ANN, ann.now)
    assert services.tell_due(ann.now) == 0, "more is gathered first"
    assert services.tell_due(ann.now + LATER) == 1
    tell(ann.now, case_seen(ANN, ann.now + MINUTE, nats=20.0, step="suspended"))
    assert services.tell_due(ann.now + DAY) == 0
    assert readers() == [CARL, OLGA]
    text = OutgoingMail.objects.get(recipient=CARL).text
    case = Case.objects.get()
    for part in (
        ANN,
        "many people to whom this mailbox never wrote",
        "198.51.100.7 (MX)",
        "6 messages",
        "Held messages: 4",
        "had gone before: 2, to 9 recipients",
        "Hello 4jYmxT3Lbb",
        f"/protection/cases/{case.pk}/",
    ):
        assert part in text, part
    assert "+5.0" not in text, "weights are the operator's matter"
    assert "read from the same network" not in text, "only what speaks for a theft"
    operators = OutgoingMail.objects.get(recipient=OLGA).text
    assert "(+5.0)" in operators and f"told at {CARL}" in operators and "11.5 of 9.2" in operators
    assert AuditEntry.objects.get(verb="case.tell").after == {"step": "hold", "told": [CARL]}


@pytest.mark.parametrize("contact", ["", ANN, ANN.upper()])
def test_where_nobody_else_can_be_told_the_operators_learn_that(ann: Company, contact: str) -> None:
    ann.customer.email = contact
    ann.customer.save()
    told_case(ANN, ann.now)
    services.tell_due(ann.now + LATER)
    assert readers() == [OLGA]
    assert "Nobody else could be told" in OutgoingMail.objects.get().text


def test_of_a_mailbox_that_is_only_watched_nobody_is_told_until_it_is_held(ann: Company) -> None:
    tell(ann.now, case_seen(ANN, ann.now, step="watched"))
    assert services.tell_due(ann.now + DAY) == 0
    tell(ann.now, case_seen(ANN, ann.now + MINUTE, step="hold"))
    assert services.tell_due(ann.now + DAY) == 1


def test_a_kept_message_whose_case_does_not_come_is_told_all_the_same(ann: Company) -> None:
    tell(ann.now, kept(ANN, ann.now, queue_id(1)))
    assert services.tell_due(ann.now + LATER) == 0
    assert services.tell_due(ann.now + telling.WITHOUT_CASE) == 1
    assert readers() == [CARL, OLGA]


def test_subjects_are_a_few_and_stay_in_their_line(ann: Company) -> None:
    tell(
        ann.now,
        case_seen(ANN, ann.now),
        *(kept(ANN, ann.now, queue_id(n), subject=f"S{n}\r\nBcc: {{x}}") for n in range(9)),
    )
    services.tell_due(ann.now + LATER)
    text = OutgoingMail.objects.get(recipient=CARL).text
    assert text.count("Bcc: {x}") == telling.SAMPLES
    assert "\nBcc" not in text


def test_who_lets_mail_wait_is_reminded_after_three_days_and_each_week(ann: Company) -> None:
    told_case(ANN, ann.now)
    services.tell_due(ann.now + LATER)
    OutgoingMail.objects.all().delete()
    days = []
    for day in range(1, 20):
        before = OutgoingMail.objects.filter(recipient=CARL).count()
        services.remind_due(ann.now + LATER + day * DAY)
        if OutgoingMail.objects.filter(recipient=CARL).count() > before:
            days.append(day)
    assert days == [3, 10, 17]
    assert "3 messages wait" in OutgoingMail.objects.filter(recipient=CARL)[0].text
    assert OutgoingMail.objects.filter(recipient=OLGA).count() == 3
    KeptMessage.objects.update(state="sent")
    assert services.remind_due(ann.now + 60 * DAY) == 0


def test_of_mail_that_a_server_does_not_settle_only_the_operators_are_reminded(
    ann: Company,
) -> None:
    case = told_case(ANN, ann.now)
    services.tell_due(ann.now + LATER)
    services.decide(actor=ann.actor, now=ann.now, case=case, others="delete")
    OutgoingMail.objects.all().delete()
    services.remind_due(ann.now + 4 * DAY)
    assert readers() == [OLGA]
    assert "server has not done it yet" in OutgoingMail.objects.get().text
