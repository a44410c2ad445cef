"""What a rule looks at: one act, the mailbox's profile before it, and what others did."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from mailstead.mailplane.guard.acts import Submission
from mailstead.mailplane.guard.crowd import Crowd
from mailstead.mailplane.guard.networks import Place
from mailstead.mailplane.guard.profile import DAY, HOUR, Profile, Record, Seen

SETTLED = 3 * DAY
"""After this time, with two days of use, a mailbox has habits."""


@dataclass(slots=True)
class View:
    """A submission before it is counted."""

    act: Submission
    record: Record
    place: Place
    seen: Seen | None
    """What was known of the client's network; None: nothing."""
    device: Seen | None
    crowd: Crowd
    new_people: int
    """Recipients never written to."""

    @property
    def profile(self) -> Profile:
        """The mailbox's."""
        return self.record.profile

    @property
    def at(self) -> float:
        """When."""
        return self.act.at

    @property
    def has_habits(self) -> bool:
        """Whether there is something to differ from."""
        return self.record.has_habits(self.act.at)

    @property
    def sureness(self) -> float:
        """As `Record.sureness`."""
        return self.record.sureness(self.act.at)

    @property
    def at_home(self) -> bool:
        """Whether it comes from a network that was used for days, or from the first of all."""
        seen, at = self.seen, self.act.at
        if seen is None:
            return False
        read = seen.first_read and at - seen.first_read > DAY
        return bool(read) or seen.mature(at) or seen.first - self.profile.since < DAY


def doublings(value: float, usual: float) -> float:
    """How often a value has doubled beside what is usual; 0 where it is not more."""
    return log2(value / usual) if value > usual else 0.0


__all__ = ["DAY", "HOUR", "View", "doublings"]
