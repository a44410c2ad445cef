"""What counts as out, as held, as a false hold, and when the owner and the operator act."""

from __future__ import annotations

import pytest
from bench.guard.drive import Found, drive

from mailstead.mailplane.guard import acts
from tests.bench.guard.worlds import Script, letter, quiet, world

HOUR = 3_600.0
ONE = quiet()


def _found(script: Script, *events: object, stolen_after: float | None = None) -> Found:
    (found,) = drive(world(ONE, *events, stolen_after=stolen_after), [script])  # type: ignore[arg-type]
    return found


def test_what_becomes_of_a_message_follows_it_in_time() -> None:
    script = Script()
    _found(script, letter(ONE, 100, outcomes=["bounced"]))
    assert [name for name, _ in script.heard] == ["opened", "judge", "Content", "Outcome"]
    assert script.times("Outcome") == [110.0]


def test_a_held_message_is_read_by_the_filter_and_bounces_nowhere() -> None:
    script = Script("hold")
    _found(script, letter(ONE, 100, stolen=True, outcomes=["bounced"]), stolen_after=0)
    assert script.times("Content") == [101.0]
    assert script.times("Outcome") == []


def test_a_held_message_of_the_owner_goes_out_when_it_is_released() -> None:
    script = Script("hold")
    _found(script, letter(ONE, 100, outcomes=["bounced"]))
    assert script.times("released") == [HOUR + 100]
    assert script.times("Outcome") == [HOUR + 110]


def test_a_slowed_person_comes_again_after_ten_minutes_and_counts_once() -> None:
    script = Script("slow", "slow")
    found = _found(script, letter(ONE, 100, outcomes=["deferred"]))
    assert script.times("judge") == [100.0, 700.0, 1_300.0]
    assert script.times("Outcome") == [1_310.0]
    assert found.letters["quiet"] == found.slowed["quiet"] == 1
    assert found.false.total() == 0


def test_a_slowed_bot_does_not_come_again_and_its_message_is_not_out() -> None:
    script = Script("slow")
    found = _found(script, letter(ONE, 100, stolen=True), stolen_after=0)
    assert script.times("judge") == [100.0]
    assert (found.stolen[0].tried, found.stolen[0].messages) == (1, 0)


def test_a_false_hold_is_released_after_an_hour_and_a_second_one_counts_anew() -> None:
    script = Script("hold", "hold", "normal", "hold")
    found = _found(
        script,
        letter(ONE, 0),
        letter(ONE, 60),  # the same case
        letter(ONE, HOUR + 60),
        letter(ONE, 2 * HOUR),
    )
    assert found.false == {"quiet": 2}
    assert script.times("released") == [HOUR, 3 * HOUR]
    assert script.times("confirmed") == []


def test_a_case_that_a_note_opens_counts_too() -> None:
    found = _found(Script(holds_on=acts.Outcome), letter(ONE, 0, outcomes=["refused"]))
    assert found.false == {"quiet": 1}


def test_only_what_was_out_before_the_hold_counts_as_out_before_it() -> None:
    script = Script("normal", "normal", "hold", "normal")
    found = _found(
        script,
        letter(ONE, 100, "a@x.example", "b@x.example", stolen=True),
        letter(ONE, 200, "c@x.example", stolen=True),
        letter(ONE, 300, "d@x.example", stolen=True),
        letter(ONE, 400, "e@x.example", stolen=True),
        stolen_after=50,
    )
    script.open.clear()
    (stolen,) = found.stolen
    assert (stolen.messages, stolen.recipients, stolen.later) == (2, 3, 1)
    assert (stolen.tried, stolen.caught, stolen.seconds) == (4, True, 200.0)
    assert found.false.total() == 0
    assert script.times("confirmed") == [300 + 2 * HOUR]


def test_a_hold_before_the_first_message_of_a_bot_takes_no_time() -> None:
    sign_in = acts.SignIn(world(ONE).end - 80_000, ONE.mailbox, "smtp", "192.0.2.9")
    found = _found(
        Script("suspended", holds_on=acts.SignIn),
        sign_in,
        letter(ONE, 9_000, stolen=True),
        stolen_after=6_000,
    )
    assert (found.stolen[0].messages, found.stolen[0].seconds) == (0, 0.0)


def test_a_hold_before_the_theft_is_a_false_one_and_does_not_catch_the_thief() -> None:
    script = Script("hold", "normal", "normal")
    found = _found(
        script, letter(ONE, 0), letter(ONE, 3 * HOUR, stolen=True), stolen_after=2 * HOUR
    )
    assert found.false == {"quiet": 1}
    assert (found.stolen[0].caught, found.stolen[0].messages) == (False, 1)
    assert found.stolen[0].seconds is None


def test_the_peace_before_an_attack_is_not_counted() -> None:
    peace = world(ONE, letter(ONE, 0), letter(ONE, 10 * HOUR))
    peace.counted_from += 6 * HOUR
    (found,) = drive(peace, [Script("hold", "hold")])
    assert found.false == {"quiet": 1}
    assert found.account_days == {"quiet": pytest.approx(0.75)}


def test_the_days_of_a_stolen_mailbox_count_until_the_theft() -> None:
    assert _found(Script(), stolen_after=6 * HOUR).account_days == {"quiet": pytest.approx(0.25)}
    assert _found(Script()).account_days == {"quiet": pytest.approx(1.0)}


def test_a_false_hold_and_a_thief_that_is_not_caught_are_remarked_with_their_reason() -> None:
    class Reasoned(Script):
        def why(self, mailbox: str, at: float) -> list[str]:
            return ["new network", "new device"]

    found = _found(Reasoned("hold"), letter(ONE, 0))
    assert found.notes == [f"day 0.00, quiet {ONE.mailbox}: false hold new network; new device"]
    found = _found(Script(), letter(ONE, 10, stolen=True), stolen_after=0)
    assert found.notes == [f"day 1.00, quiet {ONE.mailbox}: not caught, 1 out"]


def test_two_judges_do_not_touch_each_other() -> None:
    strict, lax = Script("hold"), Script()
    first, second = drive(world(ONE, letter(ONE, 0, outcomes=["bounced"])), [strict, lax])
    assert (first.false.total(), second.false.total()) == (1, 0)
    assert lax.times("Outcome") == [10.0]
