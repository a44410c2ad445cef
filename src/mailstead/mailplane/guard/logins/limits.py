"""From when on a log-in is refused or slowed down, and for how long; each with its reason.

Counted are *different wrong passwords*: a program that tries an old one every minute counts once.
"""

from __future__ import annotations

from dataclasses import dataclass

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

WINDOW = DAY
"""Seconds for which a guess counts: a guesser who waits longer has no use of the few he gets."""
FORGET = 7 * DAY
"""Seconds without a new block after which the next one is the first again."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many are too many; the first block, how it grows, how long it gets at most (seconds)."""

    count: int
    first: float
    factor: float
    most: float

    def lasts(self, turn: int) -> float:
        """The length of the block of that turn, from 1 on."""
        # Many turns would leave the range of numbers; the ceiling is reached long before.
        return min(self.most, self.first * self.factor ** min(turn - 1, 20))


PASSWORDS = Limit(10, first=10 * MINUTE, factor=3, most=DAY)
"""Wrong passwords of one client at one mailbox. Who has forgotten theirs tries a handful; a guesser
needs thousands and gets ten a day, then one for each block."""
ACCOUNTS = Limit(10, first=30 * MINUTE, factor=4, most=DAY)
"""Accounts at which one client was wrong, without those where it has logged in. Offices and mobile
networks share an address, but ten strangers' mistakes in a day at mailboxes that were never opened
from there are somebody with a list."""

SLOW = 20
"""Wrong passwords at one mailbox, from strangers all over, from which on a stranger must wait."""
SLOW_SECONDS = 3
"""How long; an owner at a new place hardly notices it."""
ATTACKED = 100
"""The same, from which on only one stranger is let try at a time: many clients with one guess each
are a net of robots, and no single one of them can be told from the owner at a new place."""
ONE_EACH = 10.0
"""Seconds between two strangers at such a mailbox: at most 8,640 guesses a day, of how many robots
ever."""
ATTACK_RESTS = HOUR
"""Seconds after the last guess at which that ends."""

KNOWN_EVERY = 5 * MINUTE
"""At a mailbox whose owner has logged in from there before a block lets one new password a while
through, because the owner may have changed it; a known right one goes through at once."""
DEVICE_KEEPS = 180 * DAY
"""Seconds for which a client is known at a mailbox after its last log-in."""
VOUCHED_KEEPS = 7 * DAY
"""The same for one that its owner has let in by the panel and that has not logged in yet."""
