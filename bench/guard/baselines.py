"""Other hosts' methods as judges, with the thresholds that their makers ship.

Each is simplified in its favour: `released` clears its counters, although most have no such act,
and where it only counts for a domain it counts for a mailbox here. None confirms, none learns.
Sources: `shared/facts/peers.md` §4 of the project's notes, and the products' own documentation.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from bench.guard.clock import DAY, HOUR
from bench.guard.judge import Judge, Step
from mailstead.mailplane.guard import acts

MESSAGES_AN_HOUR = 300
"""MXroute's public limit for a mailbox for years."""
RECIPIENTS_A_DAY = 1_000
FIRST_TIME_A_DAY = 200
"""mox: per account in 24 hours, and recipients that it never wrote to before."""
INVALID_AN_HOUR = 100
"""DirectAdmin's BlockCracking: `BC_LIM` within `BC_PERIOD` = 1 h."""
FAILED_PERCENT = 25.0
FAILED_AT_LEAST = 5
"""cPanel: the number is its default; the percentage has none (it is off), 25 is what operators
that switch it on often take."""


class Window:
    """A sum over the last `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._entries: deque[tuple[float, int]] = deque()
        self._sum = 0

    def add(self, at: float, count: int = 1) -> None:
        self._entries.append((at, count))
        self._sum += count

    def total(self, at: float) -> int:
        """What was added after `at` less the window's length."""
        entries = self._entries
        while entries and entries[0][0] <= at - self._seconds:
            self._sum -= entries.popleft()[1]
        return self._sum


class Counter:
    """What the methods have in common: a mailbox is refused, until something lets it go again."""

    def __init__(self) -> None:
        self._refused: set[str] = set()

    def opened(self, mailbox: str, at: float) -> None:
        """The age of an account is nothing to any of them."""

    def judge(self, submission: acts.Submission) -> Step:
        if self.over(submission):
            self._refused.add(submission.mailbox)
            return "hold"
        self._refused.discard(submission.mailbox)
        self.count(submission)
        return "normal"

    def over(self, submission: acts.Submission) -> bool:
        """Whether this message would be too much."""
        raise NotImplementedError

    def count(self, submission: acts.Submission) -> None:
        """It has gone out."""

    def note(self, act: acts.SignIn | acts.Content | acts.Outcome | acts.Complaint) -> None:
        """Most look at nothing else."""

    def held(self, mailbox: str, at: float) -> bool:
        return mailbox in self._refused

    def released(self, mailbox: str, at: float) -> None:
        self._refused.discard(mailbox)
        self.forget(mailbox)

    def forget(self, mailbox: str) -> None:
        """The mailbox's counters begin anew."""

    def confirmed(self, mailbox: str, at: float) -> None:
        """None of them learns from it."""


class HourlyLimit(Counter):
    """So many messages in a sliding hour."""

    def __init__(self, limit: int = MESSAGES_AN_HOUR) -> None:
        super().__init__()
        self._limit = limit
        self._sent: dict[str, Window] = {}

    def over(self, submission: acts.Submission) -> bool:
        sent = self._sent.setdefault(submission.mailbox, Window(HOUR))
        return sent.total(submission.at) >= self._limit

    def count(self, submission: acts.Submission) -> None:
        self._sent[submission.mailbox].add(submission.at)

    def forget(self, mailbox: str) -> None:
        self._sent.pop(mailbox, None)


class DailyLimits(Counter):
    """So many recipients in a sliding day, fewer never written to before."""

    def __init__(self, limit: int = RECIPIENTS_A_DAY, first_time: int = FIRST_TIME_A_DAY) -> None:
        super().__init__()
        self._limit, self._first_time = limit, first_time
        self._sent: dict[str, tuple[Window, Window]] = {}
        self._known: dict[str, set[str]] = {}

    def over(self, submission: acts.Submission) -> bool:
        both = self._sent.setdefault(submission.mailbox, (Window(DAY), Window(DAY)))
        at = submission.at
        return (
            both[0].total(at) + len(submission.recipients) > self._limit
            or both[1].total(at) + len(self._new(submission)) > self._first_time
        )

    def count(self, submission: acts.Submission) -> None:
        sent, first_time = self._sent[submission.mailbox]
        sent.add(submission.at, len(submission.recipients))
        first_time.add(submission.at, len(self._new(submission)))
        self._known[submission.mailbox].update(submission.recipients)

    def _new(self, submission: acts.Submission) -> set[str]:
        return set(submission.recipients) - self._known.setdefault(submission.mailbox, set())

    def forget(self, mailbox: str) -> None:
        self._sent.pop(mailbox, None)


class InvalidRecipients(Counter):
    """So many recipients that do not exist in an hour: refused until the password is changed."""

    def __init__(self, limit: int = INVALID_AN_HOUR) -> None:
        super().__init__()
        self._limit = limit
        self._invalid: dict[str, Window] = {}

    def over(self, submission: acts.Submission) -> bool:
        return submission.mailbox in self._refused

    def note(self, act: acts.SignIn | acts.Content | acts.Outcome | acts.Complaint) -> None:
        if isinstance(act, acts.Outcome) and act.fate in {"unknown", "bounced"}:
            invalid = self._invalid.setdefault(act.mailbox, Window(HOUR))
            invalid.add(act.at)
            if invalid.total(act.at) >= self._limit:
                self._refused.add(act.mailbox)

    def forget(self, mailbox: str) -> None:
        self._invalid.pop(mailbox, None)


class FailedShare(Counter):
    """Refused for the hour when a share of the hour's deliveries fails or is deferred."""

    def __init__(self, percent: float = FAILED_PERCENT, at_least: int = FAILED_AT_LEAST) -> None:
        super().__init__()
        self._share, self._at_least = percent / 100.0, at_least
        self._windows: dict[str, tuple[Window, Window]] = {}

    def over(self, submission: acts.Submission) -> bool:
        sent, failed = self._of(submission.mailbox)
        number = failed.total(submission.at)
        return number >= max(self._at_least, self._share * sent.total(submission.at))

    def count(self, submission: acts.Submission) -> None:
        self._of(submission.mailbox)[0].add(submission.at, len(submission.recipients))

    def note(self, act: acts.SignIn | acts.Content | acts.Outcome | acts.Complaint) -> None:
        if isinstance(act, acts.Outcome):
            self._of(act.mailbox)[1].add(act.at)

    def _of(self, mailbox: str) -> tuple[Window, Window]:
        return self._windows.setdefault(mailbox, (Window(HOUR), Window(HOUR)))

    def forget(self, mailbox: str) -> None:
        self._windows.pop(mailbox, None)


BASELINES: dict[str, Callable[[], Judge]] = {
    f"{MESSAGES_AN_HOUR} messages an hour": HourlyLimit,
    f"{RECIPIENTS_A_DAY:,} a day, {FIRST_TIME_A_DAY} first-time": DailyLimits,
    f"{INVALID_AN_HOUR} invalid an hour": InvalidRecipients,
    f"{FAILED_PERCENT:g} % failed or deferred": FailedShare,
}
"""In the order of the table."""
