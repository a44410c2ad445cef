"""The peers' methods hold what they are known to hold, and let pass what they let pass."""

from __future__ import annotations

from bench.guard.baselines import DailyLimits, FailedShare, HourlyLimit, InvalidRecipients
from bench.guard.judge import Judge, Step
from bench.guard.letters import Letter

from mailstead.mailplane.guard import acts
from tests.bench.guard.worlds import letter, quiet

ONE, TWO = quiet(0), quiet(1)
HOUR = 3_600.0


def _steps(judge: Judge, *letters: Letter) -> list[Step]:
    return [judge.judge(one.submission) for one in letters]


def _fates(judge: Judge, at: float, fate: acts.Fate, count: int) -> None:
    begin = letter(ONE, at).at
    for number in range(count):
        judge.note(acts.Outcome(begin, ONE.mailbox, f"{number}@x.example", fate))


def test_an_hour_has_300_messages_however_many_recipients_they_have() -> None:
    judge = HourlyLimit()
    many = tuple(f"{n}@x.example" for n in range(50))
    assert set(_steps(judge, *(letter(ONE, n, *many) for n in range(300)))) == {"normal"}
    assert not judge.held(ONE.mailbox, 0)
    assert _steps(judge, letter(ONE, 300)) == ["hold"]
    assert judge.held(ONE.mailbox, 0)
    assert _steps(judge, letter(TWO, 301)) == ["normal"]


def test_an_hour_later_the_next_300_pass() -> None:
    judge = HourlyLimit()
    _steps(judge, *(letter(ONE, n) for n in range(301)))
    assert _steps(judge, letter(ONE, HOUR + 400)) == ["normal"]
    assert not judge.held(ONE.mailbox, 0)


def test_a_release_begins_the_hour_anew() -> None:
    judge = HourlyLimit(limit=1)
    assert _steps(judge, letter(ONE, 0), letter(ONE, 1)) == ["normal", "hold"]
    judge.released(ONE.mailbox, 2)
    assert not judge.held(ONE.mailbox, 2)
    assert _steps(judge, letter(ONE, 2)) == ["normal"]


def test_two_hundred_first_time_recipients_a_day_and_known_ones_on_top() -> None:
    judge = DailyLimits()
    new = [letter(ONE, n, f"{n}@x.example") for n in range(201)]
    assert _steps(judge, *new) == ["normal"] * 200 + ["hold"]
    again = [letter(ONE, 300 + n, f"{n}@x.example") for n in range(200)]
    assert set(_steps(judge, *again)) == {"normal"}


def test_a_thousand_recipients_a_day_in_all() -> None:
    judge = DailyLimits()
    known = [f"{n}@x.example" for n in range(100)]
    letters = [letter(ONE, n, *known) for n in range(11)]
    assert _steps(judge, *letters) == ["normal"] * 10 + ["hold"]


def test_a_hundred_invalid_recipients_in_an_hour_block_until_the_release() -> None:
    judge = InvalidRecipients()
    _fates(judge, 0, "bounced", 60)
    _fates(judge, 10, "unknown", 39)
    _fates(judge, 20, "deferred", 50)
    assert _steps(judge, letter(ONE, 30)) == ["normal"]
    _fates(judge, 40, "bounced", 1)
    assert judge.held(ONE.mailbox, 0)
    assert _steps(judge, letter(ONE, 3 * HOUR)) == ["hold"]
    judge.released(ONE.mailbox, 0)
    assert _steps(judge, letter(ONE, 4 * HOUR)) == ["normal"]


def test_ninety_nine_invalid_recipients_each_hour_pass_for_ever() -> None:
    judge = InvalidRecipients()
    for hour in range(5):
        _fates(judge, hour * HOUR, "bounced", 99)
    assert not judge.held(ONE.mailbox, 0)


def test_a_quarter_of_failures_blocks_from_five_failures_on() -> None:
    judge = FailedShare()
    _steps(judge, *(letter(ONE, n) for n in range(10)))
    _fates(judge, 11, "deferred", 4)
    assert _steps(judge, letter(ONE, 12)) == ["normal"]  # 4 of 10
    _fates(judge, 13, "refused", 1)
    assert _steps(judge, letter(ONE, 14)) == ["hold"]  # 5 of 11
    assert _steps(judge, letter(ONE, HOUR + 20)) == ["normal"]  # the hour is over


def test_failures_under_a_quarter_pass() -> None:
    judge = FailedShare()
    _steps(judge, *(letter(ONE, n) for n in range(100)))
    _fates(judge, 101, "bounced", 24)
    assert _steps(judge, letter(ONE, 102)) == ["normal"]
