"""What is measured: anything that judges submissions, ours or another method."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol, runtime_checkable

from mailstead.mailplane.guard import acts

Step = Literal["normal", "slow", "hold", "suspended"]


class Judge(Protocol):
    """One server's guard. Times never go back."""

    def opened(self, mailbox: str, at: float) -> None:
        """The account was made then."""

    def judge(self, submission: acts.Submission) -> Step:
        """What to do with a message; counts it."""
        ...

    def note(self, act: acts.SignIn | acts.Content | acts.Outcome | acts.Complaint) -> None:
        """Something else has happened."""

    def held(self, mailbox: str, at: float) -> bool:
        """Whether a case is open; a message or a note may have opened it."""
        ...

    def released(self, mailbox: str, at: float) -> None:
        """The owner has shown that it was him."""

    def confirmed(self, mailbox: str, at: float) -> None:
        """The operator or the customer says that the mailbox was stolen."""


@runtime_checkable
class Explains(Protocol):
    """A judge that can say why; asked by `--explain` only."""

    def why(self, mailbox: str, at: float) -> Iterable[object]:
        """What weighs most at a time."""
        ...
