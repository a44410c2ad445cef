"""The whole policy as one table: at which stage which rule is asked, in this order.

The first rule that refuses decides; the rules after it are not asked. So what counts (limits)
stands last: a message that another rule refuses is not counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailstead.mailplane.guard.desk import Desk
from mailstead.mailplane.guard.rules import limits
from mailstead.mailplane.guard.session import Decision, Sighting, Stage

Rule = Callable[[Sighting, Desk], Decision | None]
"""None: the rule has nothing to say."""


@dataclass(frozen=True)
class Link:
    """One row of the table."""

    stage: Stage
    rule: Rule


CHAIN = (Link("DATA", limits.judge),)


def judge(sighting: Sighting, desk: Desk) -> Decision | None:
    """The decision of the first rule that refuses; None: none does."""
    for link in CHAIN:
        if link.stage == sighting.stage:
            decision = link.rule(sighting, desk)
            if decision is not None and decision.reply is not None:
                return decision
    return None
