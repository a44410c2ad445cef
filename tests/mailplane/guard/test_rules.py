"""Each rule as a table: what it sees in a mailbox with habits, and how much that says."""

from __future__ import annotations

import pytest
from tests.mailplane.guard.mailboxes import (
    ANN,
    BOB,
    BOT,
    FAR,
    FARTHER,
    FRIENDS,
    HOME,
    NETWORKS,
    NOW,
    OFFICE,
    content,
    message,
    settled,
    strangers,
)

from mailstead.mailplane.guard.acts import Content, Outcome, SignIn, Submission
from mailstead.mailplane.guard.detector import RULES, Detector
from mailstead.mailplane.guard.evidence import SIGNALS, Finding, together
from mailstead.mailplane.guard.profile import DAY, HOUR, MOST_PEOPLE, Record
from mailstead.mailplane.guard.rules import device, outcomes, texts
from mailstead.mailplane.guard.view import View


def seen(detector: Detector, act: Submission) -> dict[str, Finding]:
    """What the rules find in a submission, before it is counted."""
    record = detector.record(act.mailbox, act.at)
    place = NETWORKS.place(act.client)
    new = sum(1 for one in act.recipients if not record.knows(one))
    key = device.key_of(act.helo)
    view = View(act, record, place, record.place(place), record.device(key), detector.crowd, new)
    return {one.signal: one for rule in RULES for one in rule(view)}


@pytest.mark.parametrize(
    ("act", "wanted", "unwanted"),
    [
        (message(NOW), {"network-known", "device-known", "people-known"},
         {"network-new", "country-new", "device-new", "people-new", "volume", "young"}),
        (message(NOW, client=OFFICE), {"network-new", "never-read-here"},
         {"country-new", "network-known"}),
        (message(NOW, client=FAR), {"network-new", "country-new"}, {"network-known"}),
        (message(NOW, client=FAR, helo=BOT), {"device-new"}, {"device-known"}),
        (message(NOW, *strangers(4)), {"people-new"}, {"people-known", "crowded"}),
        (message(NOW, *strangers(40)), {"people-new", "crowded", "volume"}, set()),
        (message(NOW, *FRIENDS), {"people-known"}, {"people-new", "crowded"}),
    ],
)  # fmt: skip
def test_what_a_submission_tells(act: Submission, wanted: set[str], unwanted: set[str]) -> None:
    found = seen(settled(), act)
    assert wanted <= set(found)
    assert not unwanted & set(found)


def test_no_signal_weighs_more_than_its_row_says() -> None:
    detector = settled()
    for number in range(30):
        act = message(
            NOW + number, *strangers(30, f"s{number}"), client=f"9.{number}.1.1", helo=BOT
        )
        for one in seen(detector, act).values():
            most = SIGNALS[one.signal].most
            assert min(0.0, most) <= one.nats <= max(0.0, most), one
        detector.judge(act)


@pytest.mark.parametrize(
    ("helo", "same", "as_before"),
    [
        ("[192.0.2.1]", "[10.0.0.9]", True),
        ("laptop-7.local", "LAPTOP-12.local", True),
        ("[IPv6:2001:db8::1]", "192.0.2.1", True),
        ("laptop.local", "desktop.local", False),
        ("[192.0.2.1]", "laptop.local", False),
    ],
)
def test_a_program_is_known_by_how_it_greets(helo: str, same: str, as_before: bool) -> None:
    assert (device.key_of(helo) == device.key_of(same)) == as_before


def test_who_reads_where_they_send_is_their_own_master() -> None:
    detector = settled()
    detector.note(SignIn(NOW, ANN, "imap", FAR))
    soon = seen(detector, message(NOW + 60, client=FAR))
    later = seen(detector, message(NOW + HOUR, client=FAR))
    next_day = seen(detector, message(NOW + DAY + HOUR, client=FAR))
    assert "read-here" not in soon, "who tries a password reads at once"
    assert later["read-here"].nats > next_day["read-here"].nats


def test_who_sends_after_months_is_looked_at() -> None:
    detector = settled()
    assert "first-sending" in seen(detector, message(NOW + 90 * DAY, client=FAR))
    assert "first-sending" not in seen(detector, message(NOW + 90 * DAY, client=HOME))


@pytest.mark.parametrize(("count", "least"), [(1, 0.0), (2, 1.0), (3, 2.0), (5, 3.5)])
def test_each_new_network_of_a_day_says_more(count: int, least: float) -> None:
    detector = settled()
    for number in range(count - 1):
        detector.judge(message(NOW + number * 1800, client=f"{20 + number}.1.1.1"))
    found = seen(detector, message(NOW + count * 1800, client="99.1.1.1"))
    assert found.get("networks-many", Finding("", 0.0)).nats >= least


def test_one_client_for_several_mailboxes_counts_where_it_is_new_to_them() -> None:
    detector = settled(ANN, BOB)
    detector.judge(message(NOW, mailbox=BOB, client=FAR))
    assert "client-shared" in seen(detector, message(NOW + 60, client=FAR))
    detector.judge(message(NOW, mailbox=BOB, client=HOME))
    assert "client-shared" not in seen(detector, message(NOW + 60, client=HOME))


def test_people_are_forgotten_the_oldest_first() -> None:
    record = Record.new(0.0)
    names = [f"p{number}@x.example" for number in range(3 * MOST_PEOPLE)]
    for name in names:
        record.meet(name)
    assert record.knows(names[-1]) and not record.knows(names[0])
    assert record.people_known <= MOST_PEOPLE


@pytest.mark.parametrize(
    ("score", "share"), [(0.0, 0.0), (3.5, 0.0), (6.5, 0.5), (9.5, 1.0), (20.0, 1.0)]
)
def test_the_filters_verdict_counts_by_degrees(score: float, share: float) -> None:
    detector = settled()
    record = detector.record(ANN, NOW)
    found = list(texts.find(content(NOW, 0, score=score), record, detector.crowd, at_home=False))
    assert sum(one.nats for one in found) == pytest.approx(SIGNALS["spam"].most * share)


def test_one_text_to_many_counts_unless_it_is_a_template_or_comes_from_home() -> None:
    detector = settled()
    record = detector.record(ANN, NOW)

    def say(at: float, *, at_home: bool) -> list[Finding]:
        return list(texts.find(content(at, 77), record, detector.crowd, at_home=at_home))

    for number in range(10):
        assert say(NOW + number, at_home=True) == []
    assert [one.signal for one in say(NOW + 11, at_home=False)] == ["same-text"]
    assert say(NOW + 5 * DAY, at_home=False) == []


def test_who_writes_in_anothers_name_is_told() -> None:
    detector = settled()
    act = Content(NOW, ANN, "", "boss@bank.example", 0, 0, 0.0, False, foreign=True)
    (one,) = texts.find(act, detector.record(ANN, NOW), detector.crowd, at_home=True)
    assert (one.signal, one.facts) == ("author-foreign", "boss@bank.example")


def test_a_name_of_ones_own_in_another_domain_is_nobody_elses() -> None:
    detector = settled()
    act = Content(NOW, ANN, "", "info@pears.example", 0, 0, 0.0, False)
    assert not [*texts.find(act, detector.record(ANN, NOW), detector.crowd, at_home=False)]


def test_what_made_the_score_is_told_with_it() -> None:
    detector = settled()
    act = Content(NOW, ANN, "", ANN, 0, 0, 12.0, True, why="BAYES_SPAM")
    (one,) = texts.find(act, detector.record(ANN, NOW), detector.crowd, at_home=True)
    assert (one.signal, one.facts) == ("spam", "12.0 BAYES_SPAM")


def test_a_wrong_address_is_human_and_a_bought_list_is_not() -> None:
    detector = settled()
    record = detector.record(ANN, NOW)
    (one,) = outcomes.find(Outcome(NOW, ANN, "tpyo@far.example", "unknown"), record)
    assert one.nats <= 1.3
    for number in range(9):
        (one,) = outcomes.find(Outcome(NOW + number, ANN, f"{number}@x.example", "unknown"), record)
    assert one.nats == SIGNALS["nobody-there"].most


def test_of_signals_with_one_cause_the_strongest_counts_whole() -> None:
    assert together([4.0, 2.0, 1.0]) == 5.5
    assert together([3.0, -2.0]) == 1.0
    assert together([]) == 0.0


def test_the_client_of_a_thief_is_remembered() -> None:
    detector = settled(ANN, BOB)
    detector.judge(message(NOW, *strangers(3), client=FARTHER, helo=BOT))
    detector.confirmed(ANN, NOW + 60)

    found = seen(detector, message(NOW + HOUR, mailbox=BOB, client=FARTHER))
    assert found["campaign"].facts == FARTHER
    assert "campaign" not in seen(detector, message(NOW + 5 * DAY, mailbox=BOB, client=FARTHER))
