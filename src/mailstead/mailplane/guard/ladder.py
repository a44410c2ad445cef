"""The steps of a mailbox, as a table: normal, slow, hold, suspended, and back.

Up by evidence, down only by somebody's word or, from `slow`, by time.
"""

from __future__ import annotations

from typing import Literal, get_args

from mailstead.mailplane.guard.evidence import THRESHOLDS

Step = Literal["normal", "slow", "hold", "suspended"]
Word = Literal["released", "confirmed"]
STEPS: tuple[Step, ...] = get_args(Step)
MOST_HELD = 50
"""Messages of one case that are held; from then on no more are taken."""


def by_evidence(now: Step, nats: float, held: int) -> Step:
    """The step that evidence demands; never a lower one than a case already has."""
    if now in ("hold", "suspended"):
        higher = nats >= THRESHOLDS["suspended"] or held >= MOST_HELD
        return "suspended" if higher else now
    if nats >= THRESHOLDS["hold"]:
        return "hold"
    return "slow" if nats >= THRESHOLDS["slow"] else "normal"


def by_word(word: Word) -> Step:
    """The step after somebody's decision, whatever it was before."""
    return {"released": "normal", "confirmed": "suspended"}[word]  # type: ignore[return-value]
