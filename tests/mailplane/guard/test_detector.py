"""What the detector promises: thieves are held within a few messages, owners are left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mailplane.guard.mailboxes import (
    ANN,
    BOB,
    BOT,
    FAR,
    FARTHER,
    FRIENDS,
    HOME,
    LAPTOP,
    NETWORKS,
    NOW,
    OFFICE,
    content,
    message,
    settled,
    strangers,
)

from mailstead.mailplane.guard.acts import Complaint, Content, Fate, Outcome, SignIn, Submission
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.evidence import HOLD, SIGNALS
from mailstead.mailplane.guard.profile import DAY, HOUR, LARGEST, Record


def sent_until_held(detector: Detector, send: Callable[[int], Submission], most: int) -> int:
    """How many messages got out before the hold."""
    out = 0
    for number in range(most):
        step = detector.judge(send(number))
        if step in ("hold", "suspended"):
            return out
        out += step == "normal"
    raise AssertionError(f"{most} messages and no hold: {detector.why(ANN, NOW)}")


def test_a_blast_from_elsewhere_is_held_within_five_messages() -> None:
    def send(number: int) -> Submission:
        people = strangers(10, f"v{number}-")
        return message(NOW + number * 5, *people, client=FAR, helo=BOT)

    assert sent_until_held(settled(), send, 20) <= 5


def test_one_recipient_at_a_time_over_many_networks_is_held_soon() -> None:
    def send(number: int) -> Submission:
        client = f"{1 + number * 7 % 200}.{number}.113.9"
        return message(NOW + number * 900, *strangers(1, f"v{number}-"), client=client, helo=BOT)

    assert sent_until_held(settled(), send, 60) <= 15


def test_the_owner_writes_to_strangers_from_home_as_much_as_they_like() -> None:
    detector = settled()
    for number in range(20):
        one = message(NOW + number * 60, *strangers(8, f"club{number}-"))
        assert detector.judge(one) == "normal"


def test_a_new_phone_that_writes_to_friends_is_no_matter() -> None:
    detector = settled()
    for number in range(8):
        one = message(NOW + number * 600, FRIENDS[number], client=OFFICE, helo="phone")
        assert detector.judge(one) == "normal"


def test_a_new_mailbox_has_no_habits_to_differ_from() -> None:
    detector = Detector(NETWORKS)
    detector.opened(ANN, NOW)
    for number in range(10):
        one = message(NOW + HOUR + number * 300, *strangers(3, f"x{number}-"), client=OFFICE)
        assert detector.judge(one) == "normal"


def stolen(detector: Detector, mailbox: str, client: str = FAR, at: float = NOW) -> None:
    """Somebody sends as the mailbox until it is held."""
    for number in range(20):
        one = message(at + number, *strangers(9, f"{mailbox}{number}"), mailbox=mailbox,
                      client=client, helo=BOT)  # fmt: skip
        if detector.judge(one) == "hold":
            return
    raise AssertionError("not held")


def test_what_is_held_stays_so_until_somebody_says_a_word() -> None:
    detector = settled()
    stolen(detector, ANN)
    assert detector.held(ANN, NOW + 30 * DAY)
    # The owner's own mail waits too: one mailbox has one queue.
    assert detector.judge(message(NOW + HOUR)) == "hold"
    detector.released(ANN, NOW + 2 * HOUR)
    assert not detector.held(ANN, NOW + 2 * HOUR)
    assert detector.judge(message(NOW + 3 * HOUR)) == "normal"


def test_a_release_teaches_the_guard() -> None:
    detector = settled()
    stolen(detector, ANN)
    detector.released(ANN, NOW + HOUR)
    for number in range(5):
        people = strangers(9, f"again{number}")
        one = message(NOW + 2 * HOUR + number, *people, client=FAR, helo=BOT)
        assert detector.judge(one) == "normal"


def test_a_confirmed_theft_makes_the_guard_look_closer_at_others_for_three_days() -> None:
    detector = settled(ANN, BOB)
    before = 0.0
    stolen(detector, ANN)
    detector.confirmed(ANN, NOW + HOUR)
    profile = detector.record(BOB, NOW).profile
    profile.marks.clear()
    soon = detector.weigh(BOB, profile, NOW + 2 * HOUR)
    later = detector.weigh(BOB, profile, NOW + 2 * DAY)
    assert soon > before + 1 and before < later < soon
    assert detector.weigh(BOB, profile, NOW + 5 * DAY) <= before
    # The same client with the next mailbox is known.
    one = message(NOW + 3 * HOUR, *strangers(1), mailbox=BOB, client=FAR, helo=BOT)
    assert detector.judge(one) == "hold"


def test_a_text_that_others_send_too_counts_where_it_comes_from_elsewhere() -> None:
    body = 0x123456789ABCDEF0
    detector = settled(ANN, BOB)
    detector.judge(message(NOW, *strangers(1, "a"), client=FAR, helo=BOT))
    detector.note(content(NOW + 1, body))
    detector.judge(message(NOW + 60, *strangers(1, "b"), mailbox=BOB, client=FARTHER, helo=BOT))
    detector.note(content(NOW + 61, body ^ 0b101, BOB))
    assert "text-shared" in {one.signal for one in detector.why(BOB, NOW + 61)}


def test_colleagues_who_send_one_text_from_home_are_no_campaign() -> None:
    detector = settled(ANN, BOB)
    for mailbox in (ANN, BOB):
        detector.judge(message(NOW, mailbox=mailbox))
        detector.note(content(NOW + 1, 0x123456789ABCDEF0, mailbox))
    assert "text-shared" not in {one.signal for one in detector.why(BOB, NOW + 2)}


@pytest.mark.parametrize("fate", ["unknown", "bounced", "refused"])
def test_recipients_who_do_not_exist_open_a_case_while_the_mail_is_on_its_way(fate: Fate) -> None:
    detector = settled()
    for number in range(3):
        detector.judge(message(NOW + number, *strangers(4, f"l{number}"), client=FAR, helo=LAPTOP))
    for number in range(8):
        detector.note(Outcome(NOW + 60 + number, ANN, f"l{number}@elsewhere.example", fate))
    assert detector.held(ANN, NOW + 90)


def test_a_complaint_about_a_newsletter_from_home_is_no_theft() -> None:
    detector = settled()
    detector.note(SignIn(NOW, ANN, "smtp", HOME, breached=True))
    for number in range(3):
        newsletter = message(NOW + 60 + number, *strangers(50, f"member{number}-"))
        assert detector.judge(newsletter) == "normal"
    detector.note(Complaint(NOW + HOUR, ANN))
    assert not detector.held(ANN, NOW + HOUR)


def test_evidence_says_what_it_is() -> None:
    detector = settled()
    stolen(detector, ANN)
    detector.note(Complaint(NOW + 60, ANN))
    detector.note(SignIn(NOW + 61, ANN, "smtp", FAR, breached=True))
    why = detector.why(ANN, NOW + 62)
    assert {"network-new", "country-new", "people-new", "complaint", "breached"} <= {
        one.signal for one in why
    }
    assert all(0 < one.nats <= SIGNALS[one.signal].most for one in why)
    assert detector.weigh(ANN, detector.record(ANN, NOW).profile, NOW + 62) > HOLD


_clients = st.sampled_from([HOME, OFFICE, FAR, FARTHER, "2001:db8::1", "9.9.9.9", "nonsense"])
_people = st.integers(0, 3000).map(lambda number: f"p{number}@x.example")
_acts = st.one_of(
    st.builds(
        lambda people, client, helo: ("send", tuple(people), client, helo),
        st.lists(_people, min_size=1, max_size=40), _clients, st.text(max_size=12),
    ),
    st.builds(lambda client: ("in", client), _clients),
    st.builds(lambda body, score: ("text", body, score), st.integers(1, 2**64 - 1),
              st.floats(-10, 40)),
    st.builds(lambda fate: ("fate", fate), st.sampled_from(["unknown", "deferred", "bounced"])),
    st.just(("complaint",)),
    st.builds(lambda word: ("word", word), st.sampled_from(["released", "confirmed"])),
    st.builds(lambda hours: ("wait", hours), st.floats(0, 2000)),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(_acts, max_size=120))
def test_whatever_happens_a_profile_is_bounded_whole_and_can_be_released(
    acts: list[tuple[object, ...]],
) -> None:
    detector = Detector(NETWORKS)
    at = 0.0
    for number, (what, *rest) in enumerate(acts):
        at += 1
        if what == "send":
            people, client, helo = rest
            detector.judge(Submission(at, ANN, client, helo, ANN, people, 0, str(number)))  # type: ignore[arg-type]
        elif what == "in":
            detector.note(SignIn(at, ANN, "imap", rest[0]))  # type: ignore[arg-type]
        elif what == "text":
            detector.note(Content(at, ANN, "", ANN, 0, rest[0], rest[1], False))  # type: ignore[arg-type]
        elif what == "fate":
            detector.note(Outcome(at, ANN, "x@x.example", rest[0]))  # type: ignore[arg-type]
        elif what == "complaint":
            detector.note(Complaint(at, ANN))
        elif what == "word":
            getattr(detector, str(rest[0]))(ANN, at)
        else:
            at += float(rest[0]) * HOUR  # type: ignore[arg-type]
    record = detector.record(ANN, at)
    raw = record.encode()
    assert len(raw) <= LARGEST
    assert Record.decode(raw).encode() == raw
    detector.released(ANN, at)
    assert not detector.held(ANN, at)
    assert detector.weigh(ANN, record.profile, at) < HOLD
