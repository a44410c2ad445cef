"""The life of a domain's DKIM keys as one table: which step comes next, asked with the clock.

    waiting ──seen in the DNS──► visible ──settled──► signing ──another signs──► old ──► withdrawn
       ▲                            │                                                       │
       └────────not seen any more───┘◄──────────── the selector is free again ──────────────┘

Two selectors take turns. A key signs only while it can be found: `visible` keys wait until nobody
can remember what stood at their name before; an `old` one stays published while mail that it has
signed may still lie in a queue. A key that has leaked is withdrawn from any state, at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["waiting", "visible", "signing", "old", "withdrawn"]
Step = Literal["", "look", "sign", "withdraw", "rotate"]
SELECTORS = ("ms1", "ms2")
"""They take turns."""

_NEXT: dict[State, frozenset[State]] = {
    "waiting": frozenset({"visible", "signing", "withdrawn"}),
    "visible": frozenset({"waiting", "signing", "withdrawn"}),
    "signing": frozenset({"old", "withdrawn"}),
    "old": frozenset({"signing", "withdrawn"}),
    "withdrawn": frozenset({"waiting"}),
}
"""What may follow. `waiting` to `signing` only where no other key signs; `old` to `signing` only
when the one after it is taken back."""


@dataclass(frozen=True)
class Pace:
    """How long things take."""

    settle: dt.timedelta
    """For how long others may remember what stood at a name before."""
    grace: dt.timedelta
    """For how long a key stays published after it has signed for the last time."""
    every: dt.timedelta | None
    """After which a key that signs is to be followed by another; None: never by itself."""
    look: dt.timedelta
    """Between two looks at a key that is not there yet."""


@dataclass(frozen=True)
class Key:
    """What the table needs to know of one."""

    selector: str
    state: State
    since: dt.datetime


def may_follow(old: State, new: State) -> bool:
    """Whether a key in one state may come into another."""
    return new in _NEXT[old]


def idle_selector(keys: Sequence[Key]) -> str | None:
    """Where a new key may go: a selector without one, or with a withdrawn one."""
    taken = {key.selector for key in keys if key.state != "withdrawn"}
    return next((name for name in SELECTORS if name not in taken), None)


def step_of(key: Key, keys: Sequence[Key], pace: Pace, now: dt.datetime) -> Step:
    """What is to be done about a key now; empty: nothing. `keys` are all of its domain.

    `sign` presupposes that a look just now has found it.
    """
    if key.state == "waiting":
        return "look"
    if key.state == "visible":
        return "sign" if now >= key.since + pace.settle else ""
    if key.state == "old":
        return "withdraw" if now >= key.since + pace.grace else ""
    if key.state == "signing" and pace.every is not None and now >= key.since + pace.every:
        return "rotate" if idle_selector(keys) and _at_rest(keys) else ""
    return ""


def _at_rest(keys: Sequence[Key]) -> bool:
    """Whether no change is under way."""
    return not any(key.state in ("waiting", "visible", "old") for key in keys)


def due_of(key: Key, pace: Pace, now: dt.datetime) -> dt.datetime | None:
    """When it is to be looked at next; None: never by itself."""
    if key.state == "waiting":
        return now + pace.look
    if key.state == "visible":
        return max(key.since + pace.settle, now + dt.timedelta(minutes=1))
    if key.state == "old":
        return max(key.since + pace.grace, now + dt.timedelta(minutes=1))
    if key.state == "signing" and pace.every is not None:
        return max(key.since + pace.every, now + pace.look)
    return None
