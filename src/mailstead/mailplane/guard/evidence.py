"""All signals as one table: to which group each belongs, how much it can weigh at most, and why.

Weights are natural logarithms of likelihood ratios (nats): how much likelier the sight is for a
stolen mailbox than for its owner, ln(P(sight | stolen) / P(sight | owner)). Signals of one group
come from one cause: the strongest counts whole, the others in part. Groups add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Literal, NamedTuple

from mailstead.mailplane.guard.profile import DAY, HOUR, Mark, decayed

Group = Literal[
    "home", "access", "breadth", "recipients", "volume", "outcomes", "content", "crowd", "past"
]
"""`home` speaks for the owner, and for one act alone; all others are kept and fade."""
HALVES: dict[Group, float] = {
    "access": 12 * HOUR,
    "breadth": 12 * HOUR,
    "recipients": DAY,
    "volume": 6 * HOUR,
    "outcomes": DAY,
    "content": DAY,
    "crowd": DAY,
    "past": 7 * DAY,
}
"""Seconds in which half of a group's evidence goes."""
FAINT = 0.002
"""Nats that say nothing any more: a mailbox would else keep a mark of each signal for ever."""
SHARE = 0.5
"""How much of the weaker signals of a group counts beside its strongest."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One row of the table."""

    group: Group
    most: float
    """Nats at full strength; what speaks for the owner is below 0."""
    why: str


SIGNALS: dict[str, Signal] = {
    "network-new": Signal("access", 4.0, "sent from a network never used before"),
    "network-known": Signal("home", -4.0, "sent from a network used for days"),
    "country-new": Signal("access", 1.4, "sent from a country never seen before"),
    "device-new": Signal("access", 1.5, "sent with a program that greets as none before"),
    "device-known": Signal("home", -1.0, "sent with a program used for days"),
    "read-here": Signal("home", -2.6, "mail was read from the same network before"),
    "never-read-here": Signal("access", 0.8, "mail is read elsewhere, never from there"),
    "first-sending": Signal("access", 1.5, "sends for the first time, or after a long time"),
    "networks-many": Signal("breadth", 7.0, "sent from several new networks within a day"),
    "networks-at-once": Signal("breadth", 2.0, "sent from two networks within minutes"),
    "people-new": Signal("recipients", 5.0, "writes to people it never wrote to"),
    "people-known": Signal("recipients", -1.2, "writes to people it wrote to before"),
    "crowded": Signal("recipients", 1.5, "more recipients in one message than ever"),
    "volume": Signal("volume", 4.5, "sends far more than it ever did"),
    "nobody-there": Signal("outcomes", 5.0, "many recipients do not exist or refuse"),
    "spam": Signal("content", 4.0, "the content filter takes it for spam"),
    "same-text": Signal("content", 5.0, "one text to many, which it never sent before"),
    "author-foreign": Signal("content", 1.5, "writes in another's name"),
    "client-shared": Signal("crowd", 3.5, "the same client sends as several mailboxes"),
    "text-shared": Signal("crowd", 4.5, "other mailboxes send nearly the same text"),
    "campaign": Signal("crowd", 6.0, "text or client of a mailbox that was stolen"),
    "breached": Signal("past", 1.5, "its password is in lists of breached ones"),
    "complaint": Signal("past", 2.0, "receivers call its mail spam"),
    "young": Signal("past", 0.7, "the mailbox is new"),
}
_GROUP_OF: dict[str, Group] = {name: row.group for name, row in SIGNALS.items()}
_HALF_OF = {name: HALVES[row.group] for name, row in SIGNALS.items() if row.group in HALVES}

FALSE, MISSED = 1 / 10_000, 0.02
"""Wanted error rates of the test: owners who are held in a day, thieves who are not."""
HOLD = log((1 - MISSED) / FALSE)
"""Wald's bound: from so many nats on a mailbox counts as stolen."""
THRESHOLDS: dict[str, float] = {"slow": HOLD - 1.2, "hold": HOLD, "suspended": HOLD + 3.0}
"""Nats from which on a step of the ladder holds."""


class Finding(NamedTuple):
    """A signal that was seen."""

    signal: str
    nats: float
    facts: str = ""


def together(nats: Sequence[float]) -> float:
    """The evidence of one group: the strongest for and a part of the rest, and all against."""
    positive = [one for one in nats if one > 0]
    top = max(positive, default=0.0)
    return top + SHARE * (sum(positive) - top) + sum(one for one in nats if one < 0)


def left(signal: str, mark: Mark, at: float) -> float:
    """What is left of a signal at a time."""
    return decayed(mark.nats, mark.at, at, _HALF_OF[signal])


def by_group(marks: dict[str, Mark], at: float) -> dict[Group, float]:
    """What is left of the signals of each group, together; those that have faded are let go."""
    found: dict[Group, float] = {}
    several: dict[Group, list[float]] = {}
    faint: list[str] = []
    for signal, mark in marks.items():
        group, half = _GROUP_OF[signal], _HALF_OF[signal]
        nats = decayed(mark.nats, mark.at, at, half)
        if -FAINT < nats < FAINT:
            faint.append(signal)
        elif group not in found:
            found[group] = nats
        elif group in several:
            several[group].append(nats)
        else:
            several[group] = [found[group], nats]
    for signal in faint:
        del marks[signal]
    # Most groups have one signal, which weighs what it weighs: this is asked of every message.
    for group, each in several.items():
        found[group] = together(each)
    return found
