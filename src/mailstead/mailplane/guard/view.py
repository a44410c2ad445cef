"""What a rule looks at: one act, the mailbox's profile before it, and what others did."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log2

from mailstead.mailplane.guard.acts import Submission
from mailstead.mailplane.guard.crowd import Crowd
from mailstead.mailplane.guard.networks import Place
from mailstead.mailplane.guard.profile import DAY, HOUR, Profile, Record, Seen


@dataclass(slots=True)
class View:
    """A submission before it is counted; what several rules ask is found out once."""

    act: Submission
    record: Record
    place: Place
    seen: Seen | None
    """What was known of the client's network; None: nothing."""
    device: Seen | None
    crowd: Crowd
    new_people: int
    """Recipients never written to."""
    at: float = field(init=False)
    profile: Profile = field(init=False)
    settled: bool = field(init=False)
    """It comes from a network that was used for days."""
    at_home: bool = field(init=False)
    """The same, or the mailbox was read there for a day, or it is the first network of all."""
    has_habits: bool = field(init=False)
    """Whether there is something to differ from."""

    def __post_init__(self) -> None:
        self.at, self.profile = self.act.at, self.record.profile
        self.has_habits = self.record.has_habits(self.at)
        seen, at = self.seen, self.at
        self.settled = seen is not None and seen.mature(at)
        self.at_home = seen is not None and (
            self.settled
            or bool(seen.first_read and at - seen.first_read > DAY)
            or seen.first - self.profile.since < DAY
        )

    @property
    def sureness(self) -> float:
        """As `Record.sureness`."""
        return 1.0 if self.has_habits else 0.5


def doublings(value: float, usual: float) -> float:
    """How often a value has doubled beside what is usual; 0 where it is not more."""
    return log2(value / usual) if value > usual else 0.0


__all__ = ["DAY", "HOUR", "View", "doublings"]
