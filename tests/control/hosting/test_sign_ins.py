"""Sign-ins as nodes tell them: added up, bounded, forgotten in time."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest

from mailstead.control.feed import services as feed
from mailstead.control.hosting import queries, services
from mailstead.control.hosting.models import Mailbox, SignIn
from mailstead.control.people.actor import Actor
from mailstead.wire.events import SignInSeen
from tests.control.company import Company

_numbers = itertools.count()
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def ann(company: Company) -> Mailbox:
    company.domain("ann.example")
    return company.mailbox("ann@ann.example")


def seen(mailbox: Mailbox, at: dt.datetime, **more: Any) -> SignInSeen:
    values = {"protocol": "imap", "client": "192.0.2.7", "credential": 7, "failed": False}
    return SignInSeen(
        id=f"e{next(_numbers)}",
        at=at,
        store=mailbox.store,
        **{**values, "count": 1, "first": at, **more},
    )


def tell(company: Company, *events: SignInSeen) -> None:
    feed.record_events(server="node1", events=events, handle=services.handle_event, now=company.now)


def rows(company: Company, mailbox: Mailbox) -> list[tuple[Any, ...]]:
    return [
        (row.protocol, row.address, row.credential, row.failed, row.count)
        for row in queries.sign_ins(company.actor, mailbox)
    ]


def test_the_same_log_in_is_one_row(company: Company, ann: Mailbox) -> None:
    now = company.now
    first = seen(ann, now, count=3, first=now - 5 * MINUTE)
    tell(company, first)
    tell(company, first, seen(ann, now + MINUTE), seen(ann, now, failed=True, credential=0))
    assert rows(company, ann) == [
        ("imap", "192.0.2.7", 7, False, 4),
        ("imap", "192.0.2.7", 0, True, 1),
    ]
    (row, _) = queries.sign_ins(company.actor, ann)
    assert (row.first_at, row.last_at) == (now - 5 * MINUTE, now + MINUTE)


def test_an_event_that_comes_late_does_not_turn_the_clock_back(
    company: Company, ann: Mailbox
) -> None:
    now = company.now
    tell(company, seen(ann, now), seen(ann, now - 9 * MINUTE))
    (row,) = queries.sign_ins(company.actor, ann)
    assert (row.count, row.first_at, row.last_at) == (2, now - 9 * MINUTE, now)


def test_a_mailbox_keeps_its_newest_two_hundred(company: Company, ann: Mailbox) -> None:
    now = company.now
    tell(company, *(seen(ann, now + n * MINUTE, client=f"2001:db8::{n:x}") for n in range(205)))
    kept = [row.address for row in queries.sign_ins(company.actor, ann)]
    assert len(kept) == 200
    assert (kept[0], kept[-1]) == ("2001:db8::cc", "2001:db8::5")


def test_a_flood_of_wrong_passwords_does_not_push_out_who_was_in(
    company: Company, ann: Mailbox
) -> None:
    now = company.now
    tell(company, seen(ann, now))
    tell(
        company,
        *(
            seen(ann, now + MINUTE, client=f"2001:db8::{n:x}", failed=True, credential=0)
            for n in range(250)
        ),
    )
    kept = rows(company, ann)
    assert len(kept) == 101
    assert ("imap", "192.0.2.7", 7, False, 1) in kept


def test_a_store_that_is_gone_is_passed_over(company: Company, ann: Mailbox) -> None:
    event = seen(ann, company.now)
    ann.delete()
    tell(company, event)
    assert not SignIn.objects.exists()


def test_after_ninety_days_they_are_forgotten(company: Company, ann: Mailbox) -> None:
    old = company.now - dt.timedelta(days=91)
    tell(company, seen(ann, old, client="192.0.2.1"), seen(ann, company.now))
    assert services.drop_old_sign_ins(company.now) == 1
    assert [row[1] for row in rows(company, ann)] == ["192.0.2.7"]


def test_only_who_sees_the_mailbox_sees_them(company: Company, ann: Mailbox) -> None:
    bob = company.mailbox("bob@ann.example")
    tell(company, seen(ann, company.now))
    stranger = Actor(kind="mailbox", name=bob.address, mailbox=bob.pk)
    owner = Actor(kind="mailbox", name=ann.address, mailbox=ann.pk)
    assert not queries.sign_ins(stranger, ann).exists()
    assert queries.sign_ins(owner, ann).count() == 1
