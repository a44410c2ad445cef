"""The simulated people do what they are said to do, and the same for the same seed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest
from bench.guard.clock import DAY, START, midnight, weekend
from bench.guard.letters import Event, Letter, Opened, flat
from bench.guard.networks import Region
from bench.guard.people import Person
from bench.guard.populations import (
    POPULATIONS,
    MobileWorker,
    NewCustomer,
    NewPhone,
    ReceiveOnly,
    SharedOffice,
    Traveller,
    WebmailUser,
)
from bench.guard.senders import Club, Cron, School, Shop

from mailstead.mailplane.guard import acts

DAYS = 28
kinds = pytest.mark.parametrize("kind", POPULATIONS, ids=lambda kind: kind.kind)


def _life(kind: type[Person], number: int = 0, seed: str = "7", days: int = DAYS) -> list[Event]:
    return list(kind(Region(seed), seed, number).events(days))


def _letters(events: list[Event]) -> list[Letter]:
    return [event for event in events if isinstance(event, Letter)]


@kinds
def test_a_seed_tells_a_life(kind: type[Person]) -> None:
    assert _life(kind) == _life(kind)
    assert _life(kind) != _life(kind, seed="8")
    assert _life(kind) != _life(kind, number=1)


def test_a_seed_tells_the_same_in_another_process() -> None:
    program = (
        "import hashlib\n"
        "from bench.guard.world import calm\n"
        "text = '\\n'.join(map(repr, calm(3, 1, 6).events()))\n"
        "print(hashlib.sha256(text.encode()).hexdigest())\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(found) == 1


@kinds
def test_a_life_goes_forward(kind: type[Person]) -> None:
    events = _life(kind)
    assert isinstance(events[0], Opened)
    assert all(one.at <= other.at for one, other in pairwise(events))


@kinds
def test_what_becomes_of_a_message_comes_after_it(kind: type[Person]) -> None:
    for letter in _letters(_life(kind, days=7)):
        assert letter.content.instance == letter.submission.instance
        for act in flat(iter([letter])):
            assert act.at >= letter.at


@kinds
def test_every_message_has_its_own_name(kind: type[Person]) -> None:
    names = [letter.submission.instance for letter in _letters(_life(kind))]
    assert len(names) == len(set(names))


@kinds
def test_accounts_send_as_much_a_day_as_the_population_says(kind: type[Person]) -> None:
    low, high = kind.daily
    for number in range(8):
        person = kind(Region("9"), "9", number)
        since = max(person.opened, midnight(0))
        count = len(_letters(list(person.events(DAYS))))
        assert low <= count / ((midnight(DAYS) - since) / DAY) <= high, (number, count)


@kinds
def test_a_message_follows_a_sign_in_from_the_same_address(kind: type[Person]) -> None:
    seen: set[str] = set()
    for event in _life(kind):
        if isinstance(event, acts.SignIn) and event.protocol == "smtp":
            seen.add(event.client)
        if isinstance(event, Letter):
            assert event.submission.client in seen


def test_a_few_ordinary_messages_bounce() -> None:
    fates = Counter(
        outcome.fate
        for number in range(20)
        for letter in _letters(_life(POPULATIONS[0], number))
        for outcome in letter.outcomes
    )
    recipients = sum(
        len(letter.submission.recipients)
        for number in range(20)
        for letter in _letters(_life(POPULATIONS[0], number))
    )
    assert 0.0005 < fates["bounced"] / recipients < 0.01
    assert fates["deferred"] > fates["bounced"]


def test_a_new_phone_writes_from_carriers_only_once_it_is_there() -> None:
    region = Region("7")
    exits = {exit_ for carrier in region.carriers for exit_ in carrier.exits}
    mobile = [one for one in _letters(_life(NewPhone)) if one.submission.client in exits]
    assert mobile
    assert mobile[0].at >= midnight(5)


def test_a_traveller_writes_from_abroad_to_the_usual_people() -> None:
    region = Region("7")
    abroad = {block for one in region.abroad for block in one.blocks}
    person = Traveller(region, "7", 0)
    usual = set(person.book)
    away = [
        one
        for one in _letters(list(person.events(DAYS)))
        if ".".join(one.submission.client.split(".")[:2]) in abroad
    ]
    recipients = [to for one in away for to in one.submission.recipients]
    assert len(away) > 5
    assert sum(to in usual for to in recipients) / len(recipients) > 0.7


def test_a_shared_office_is_one_address_for_all_its_mailboxes() -> None:
    most_used = {
        Counter(one.submission.client for one in _letters(_life(SharedOffice, number))).most_common(
            1
        )[0][0]
        for number in range(5)
    }
    assert len(most_used) == 1


def test_webmail_comes_from_the_node_itself() -> None:
    assert {one.submission.client for one in _letters(_life(WebmailUser))} == {"127.0.0.1"}


def test_a_mobile_worker_changes_addresses_all_day() -> None:
    clients = [one.submission.client for one in _letters(_life(MobileWorker))]
    assert len(set(clients)) > 28


def test_a_mailbox_that_only_reads_sends_nothing_before_the_laptop() -> None:
    events = _life(ReceiveOnly)
    first = next(n for n, event in enumerate(events) if isinstance(event, Letter))
    before = events[:first]
    assert events[first].at > midnight(6)
    assert {event.protocol for event in before if isinstance(event, acts.SignIn)} <= {
        "imap",
        "pop3",
        "smtp",
    }
    smtp = [one for one in before if isinstance(one, acts.SignIn) and one.protocol == "smtp"]
    assert len(smtp) == 1  # that of the first message


def test_a_new_customer_does_nothing_before_the_account_is_there() -> None:
    events = _life(NewCustomer)
    opened = events[0]
    assert isinstance(opened, Opened)
    assert opened.at > START
    assert all(event.at >= opened.at for event in events)
    assert max(len(one.submission.recipients) for one in _letters(events)) >= 10


def test_a_newsletter_goes_to_hundreds_on_one_evening_with_one_text() -> None:
    for number in range(4):
        by_subject: Counter[int] = Counter()
        days = set()
        letters = _letters(_life(Club, number, days=30))
        for one in letters:
            by_subject[one.content.subject] += len(one.submission.recipients)
        subject, recipients = by_subject.most_common(1)[0]
        days = {int((one.at - START) // DAY) for one in letters if one.content.subject == subject}
        bodies = [one.content.body for one in letters if one.content.subject == subject]
        assert 200 <= recipients <= 800
        assert len(days) <= 2
        assert max((bodies[0] ^ body).bit_count() for body in bodies) <= 4


def test_a_school_writes_to_all_parents_once_and_never_at_the_weekend() -> None:
    letters = _letters(_life(School, 2, days=30))
    by_subject = Counter(one.content.subject for one in letters)
    assert 200 <= by_subject.most_common(1)[0][1] <= 600
    assert not any(weekend(int((one.at - START) // DAY)) for one in letters)


def test_machines_keep_their_address_their_name_and_their_texts() -> None:
    for kind, texts in ((Shop, 3), (Cron, 1)):
        letters = _letters(_life(kind))
        assert len({(one.submission.client, one.submission.helo) for one in letters}) == 1
        assert len({one.content.subject for one in letters}) == texts


def test_a_shop_writes_to_somebody_new_each_time() -> None:
    recipients = [to for one in _letters(_life(Shop)) for to in one.submission.recipients]
    assert len(set(recipients)) == len(recipients)
