"""Small worlds made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from bench.guard.clock import START
from bench.guard.judge import Step
from bench.guard.letters import Event, Letter
from bench.guard.networks import Region
from bench.guard.people import Person
from bench.guard.world import World

from mailstead.mailplane.guard import acts


class Quiet(Person):
    """Does nothing by itself."""

    kind = "quiet"

    def day(self, day: int) -> list[Event]:
        return []


def quiet(number: int = 0) -> Person:
    return Quiet(Region("hand"), "hand", number)


def letter(
    person: Person,
    after: float,
    *recipients: str,
    stolen: bool = False,
    outcomes: Sequence[acts.Fate] = (),
) -> Letter:
    """A message `after` seconds from the start; its outcomes come ten seconds later."""
    at, mailbox, to = START + after, person.mailbox, recipients or ("a@b.example",)
    return Letter(
        acts.Submission(at, mailbox, "192.0.2.1", "h", mailbox, to, 1_000, f"i{after}"),
        acts.Content(at + 1, mailbox, f"i{after}", mailbox, 1, 1, 0.0, False),
        tuple(acts.Outcome(at + 10, mailbox, to[0], fate) for fate in outcomes),
        stolen=stolen,
    )


def world(
    person: Person, *events: Event, stolen_after: float | None = None, days: float = 1.0
) -> World:
    """One account, these events, and the theft `stolen_after` seconds from the start."""
    stolen = {} if stolen_after is None else {person.mailbox: START + stolen_after}
    return World([person], START + days * 86_400, stolen, attack=iter(events))


class Script:
    """A judge that answers as it was told, in turn, then `normal`; it writes down what it hears."""

    def __init__(self, *steps: Step, holds_on: type[acts.Act] | None = None) -> None:
        self.steps = list(steps)
        self.holds_on = holds_on
        self.heard: list[tuple[str, float]] = []
        self.open: set[str] = set()

    def opened(self, mailbox: str, at: float) -> None:
        self.heard.append(("opened", at))

    def judge(self, submission: acts.Submission) -> Step:
        self.heard.append(("judge", submission.at))
        step = self.steps.pop(0) if self.steps else "normal"
        if step in {"hold", "suspended"}:
            self.open.add(submission.mailbox)
        return step

    def note(self, act: acts.SignIn | acts.Content | acts.Outcome | acts.Complaint) -> None:
        self.heard.append((type(act).__name__, act.at))
        if self.holds_on and isinstance(act, self.holds_on):
            self.open.add(act.mailbox)

    def held(self, mailbox: str, at: float) -> bool:
        return mailbox in self.open

    def released(self, mailbox: str, at: float) -> None:
        self.heard.append(("released", at))
        self.open.discard(mailbox)

    def confirmed(self, mailbox: str, at: float) -> None:
        self.heard.append(("confirmed", at))

    def times(self, what: str) -> list[float]:
        """When it heard that, in seconds from the start."""
        return [at - START for name, at in self.heard if name == what]
