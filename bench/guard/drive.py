"""Drives a judge through a world and writes down what got out, what was held, and when.

What happens to a message: *normal*: it is out; its content, outcomes and complaints follow. *Slow*:
a person's program comes again ten minutes later, a bot goes on with its next message. *Hold*: the
filter sees it, nobody receives it before a release. *Suspended*: as slow, but until a release.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.guard.clock import DAY, HOUR, midnight
from bench.guard.judge import Explains, Judge
from bench.guard.letters import Event, Letter, Opened
from bench.guard.world import World
from mailstead.mailplane.guard import acts

COMES_AGAIN = 600.0
"""Seconds until a mail program tries a refused message anew."""
TRIES = 144
"""A day of them; then its user has given up."""
RELEASED_AFTER = HOUR
"""Until the owner has read the notice, signed in and shown that it was them."""
CONFIRMED_AFTER = 2 * HOUR
"""Until somebody says that a caught mailbox was stolen."""
FIRST_WEEK = 7
MANY = 20
"""Messages out from which an attack is worth a note."""


@dataclass
class Stolen:
    """One attacked mailbox."""

    mailbox: str
    turn: int
    """0: the first of the attack."""
    messages: int = 0
    """Out before the hold."""
    recipients: int = 0
    later: int = 0
    """Messages out after the first hold: a limit lets mail through again when its hour is over."""
    tried: int = 0
    caught: bool = False
    seconds: float | None = None
    """From the attack's first message to the hold; 0 where that came first; None: not caught."""


@dataclass
class Found:
    """What one run has shown."""

    stolen: list[Stolen] = field(default_factory=list)
    false: Counter[str] = field(default_factory=Counter)
    """Holds of legitimate accounts by population."""
    first_week: int = 0
    """Of them, in the first days of the simulation, when the guard knows nobody."""
    slowed: Counter[str] = field(default_factory=Counter)
    """Legitimate messages that were told to come again, by population."""
    letters: Counter[str] = field(default_factory=Counter)
    """Legitimate messages by population."""
    account_days: dict[str, float] = field(default_factory=dict)
    """Days of legitimate accounts, by population; a stolen one's until the theft."""
    notes: list[str] = field(default_factory=list)
    """False holds, and attacks that got far, for whoever looks for the reason."""


class Drive:
    """One judge in one world."""

    def __init__(self, judge: Judge, world: World) -> None:
        self._judge = judge
        self._end = world.end
        self._counted_from = world.counted_from
        self._kinds = {one.mailbox: one.kind for one in world.accounts}
        self._began = world.stolen
        self._stolen = {name: Stolen(name, turn) for turn, name in enumerate(world.stolen)}
        self._first_tried: dict[str, float] = {}
        self._open: set[str] = set()
        """Legitimate mailboxes with a case."""
        self._held: dict[str, list[Letter]] = {}
        """Their messages that wait for the release."""
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.found = Found(stolen=list(self._stolen.values()))
        days: dict[str, float] = {}
        for one in world.accounts:
            until = min(world.stolen.get(one.mailbox, world.end), world.end)
            days[one.kind] = days.get(one.kind, 0.0) + max(
                0.0, (until - max(one.opened, world.counted_from)) / DAY
            )
        self.found.account_days = days

    def meet(self, event: Event) -> None:
        """The next thing that happens; before it what else is due."""
        self._until(event.at)
        if isinstance(event, Letter):
            self._letter(event, TRIES)
        elif isinstance(event, Opened):
            self._judge.opened(event.mailbox, event.at)
        else:
            self._note(event)

    def finish(self) -> None:
        """What is still due before the end."""
        self._until(self._end)
        for one in self.found.stolen:
            if not one.caught:
                self._remark(f"not caught, {one.messages} out", one.mailbox, self._end)

    def _until(self, at: float) -> None:
        later = self._later
        while later and later[0][0] <= at:
            heapq.heappop(later)[2]()

    def _plan(self, at: float, act: Callable[[], None]) -> None:
        if at < self._end:
            heapq.heappush(self._later, (at, next(self._order), act))

    def _letter(self, letter: Letter, tries: int) -> None:
        submission = letter.submission
        mailbox = submission.mailbox
        if letter.stolen:
            self._stolen[mailbox].tried += 1
            self._first_tried.setdefault(mailbox, letter.at)
        elif tries == TRIES:
            self.found.letters[self._kinds[mailbox]] += 1
        step = self._judge.judge(submission)
        if step == "normal":
            self._out(letter)
        elif step == "hold":
            self._follow(letter.content)
            if not letter.stolen:
                self._held.setdefault(mailbox, []).append(letter)
        elif not letter.stolen:
            self.found.slowed[self._kinds[mailbox]] += tries == TRIES
            if tries > 1:
                again = letter.again(COMES_AGAIN)
                self._plan(again.at, lambda: self._letter(again, tries - 1))
        if step in {"hold", "suspended"} or self._judge.held(mailbox, letter.at):
            self._case(mailbox, letter.at, by_bot=letter.stolen)

    def _out(self, letter: Letter) -> None:
        if letter.stolen:
            stolen = self._stolen[letter.submission.mailbox]
            if stolen.caught:
                stolen.later += 1
            else:
                stolen.messages += 1
                stolen.recipients += len(letter.submission.recipients)
        self._follow(letter.content)
        self._answers(letter)

    def _answers(self, letter: Letter) -> None:
        """What its recipients' servers and its readers say."""
        for outcome in letter.outcomes:
            self._follow(outcome)
        for complaint in letter.complaints:
            self._follow(complaint)

    def _follow(self, act: acts.Content | acts.Outcome | acts.Complaint) -> None:
        self._plan(act.at, lambda: self._note(act))

    def _note(self, act: acts.SignIn | acts.Content | acts.Outcome | acts.Complaint) -> None:
        self._judge.note(act)
        if self._judge.held(act.mailbox, act.at):
            self._case(act.mailbox, act.at)

    def _case(self, mailbox: str, at: float, *, by_bot: bool = False) -> None:
        """A case is open: that of a stolen mailbox, or one that should not be."""
        if by_bot or at >= self._began.get(mailbox, float("inf")):
            stolen = self._stolen[mailbox]
            if not stolen.caught and (by_bot or mailbox not in self._open):
                stolen.caught = True
                stolen.seconds = at - self._first_tried.get(mailbox, at)
                if stolen.messages >= MANY:
                    self._remark(f"{stolen.messages} out", mailbox, at)
                when = at + CONFIRMED_AFTER
                self._plan(when, lambda: self._judge.confirmed(mailbox, when))
        elif mailbox not in self._open:
            self._open.add(mailbox)
            if at >= self._counted_from:
                self.found.false[self._kinds[mailbox]] += 1
                self.found.first_week += at < midnight(FIRST_WEEK)
                self._remark("false hold", mailbox, at)
            when = at + RELEASED_AFTER
            self._plan(when, lambda: self._release(mailbox, when))

    def _release(self, mailbox: str, at: float) -> None:
        self._open.discard(mailbox)
        if not (mailbox in self._stolen and self._stolen[mailbox].caught):
            self._judge.released(mailbox, at)
            for letter in self._held.pop(mailbox, ()):
                self._answers(letter.again(at - letter.at))

    def _remark(self, what: str, mailbox: str, at: float) -> None:
        why = self._judge.why(mailbox, at) if isinstance(self._judge, Explains) else ()
        day = (at - midnight(0)) / DAY
        because = "; ".join(map(str, why))
        self.found.notes.append(
            f"day {day:.2f}, {self._kinds[mailbox]} {mailbox}: {what} {because}".strip()
        )


def drive(world: World, judges: Sequence[Judge]) -> list[Found]:
    """Each judge through the same world; what they do to a message does not change the others'."""
    drives = [Drive(judge, world) for judge in judges]
    for event in world.events():
        for one in drives:
            one.meet(event)
    for one in drives:
        one.finish()
    return [one.found for one in drives]
