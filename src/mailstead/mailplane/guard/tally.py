"""What the guard counts of its own work, for the operator's charts.

Counted in memory, written every second beside the counters (`Store.count`), read once a minute by
the agent (node/counts.py). Used by one thread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

from mailstead.mailplane.guard.session import Decision
from mailstead.wire.protection import TOOK_BOUNDS, GuardCount

_TOOK: tuple[GuardCount, ...] = (
    *("guard_took_0", "guard_took_1", "guard_took_2", "guard_took_3"),
    *("guard_took_4", "guard_took_5", "guard_took_6", "guard_took_7"),
)


class Tally:
    """Counts since the last `clear`."""

    def __init__(self) -> None:
        self._counts: Counter[GuardCount] = Counter()

    @property
    def counts(self) -> Mapping[GuardCount, int]:
        """Those that are not 0."""
        return self._counts

    def add(self, name: GuardCount) -> None:
        """One more."""
        self._counts[name] += 1

    def answered(self, decision: Decision | None, seconds: float) -> None:
        """A question about mail was answered, after so long."""
        self._counts["guard_asked"] += 1
        self._counts[_TOOK[bisect_left(TOOK_BOUNDS, seconds * 1000)]] += 1
        if decision is None:
            return
        if decision.hold:
            self._counts["guard_held"] += 1
        elif decision.reply is not None and decision.rule != "stolen":
            self._counts["guard_limited"] += 1
        elif decision.reply is not None:
            now = decision.reply.code < 500
            self._counts["guard_slowed" if now else "guard_refused"] += 1

    def clear(self) -> None:
        """Begin anew: they are written."""
        self._counts.clear()
