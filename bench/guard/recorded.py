"""What a simulated server's mailboxes do, as the detector hears of it: recorded once, given again.

A detector is driven through a world (`drive.py`), and all that it was asked and told is kept in
order. Another one that hears the same answers the same: so what is timed is the detector alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from bench.guard.drive import drive
from bench.guard.judge import Step
from bench.guard.world import calm
from mailstead.mailplane.guard import acts
from mailstead.mailplane.guard.detector import Detector

SEED = 1
"""Of the world; one of those for tuning."""


@dataclass(frozen=True, slots=True)
class Said:
    """What becomes of a mailbox by somebody's hand."""

    at: float
    mailbox: str
    what: Literal["opened", "released", "confirmed"]


Heard = acts.Act | Said


@dataclass
class Recorder:
    """A detector (`Judge`) that writes down what happens to it."""

    detector: Detector = field(default_factory=Detector)
    heard: list[Heard] = field(default_factory=list)

    def opened(self, mailbox: str, at: float) -> None:
        self._hear(Said(at, mailbox, "opened"))

    def judge(self, submission: acts.Submission) -> Step:
        self.heard.append(submission)
        return self.detector.judge(submission)

    def note(self, act: acts.SignIn | acts.Content | acts.Outcome | acts.Complaint) -> None:
        self._hear(act)

    def held(self, mailbox: str, at: float) -> bool:
        return self.detector.held(mailbox, at)

    def released(self, mailbox: str, at: float) -> None:
        self._hear(Said(at, mailbox, "released"))

    def confirmed(self, mailbox: str, at: float) -> None:
        self._hear(Said(at, mailbox, "confirmed"))

    def _hear(self, one: Heard) -> None:
        self.heard.append(one)
        tell(self.detector, one)


def lived(each: int, days: int) -> list[Heard]:
    """Those days of a server without an attack, with `each` accounts of every population."""
    recorder = Recorder()
    drive(calm(SEED, each, days), [recorder])
    return recorder.heard


def tell(detector: Detector, one: Heard) -> None:
    """Let a detector hear it."""
    if isinstance(one, acts.Submission):
        detector.examine(one)
    elif not isinstance(one, Said):
        detector.note(one)
    elif one.what == "opened":
        detector.opened(one.mailbox, one.at)
    elif one.what == "released":
        detector.released(one.mailbox, one.at)
    else:
        detector.confirmed(one.mailbox, one.at)


def later(heard: Iterable[Heard], seconds: float) -> Iterator[Heard]:
    """The same at another time; whole weeks later the days of the week are the same too."""
    return (replace(one, at=one.at + seconds) for one in heard)
