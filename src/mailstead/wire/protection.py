"""What the guard finds about a mailbox, and what a person answers."""

from __future__ import annotations

import datetime as dt
from typing import Literal, get_args

import msgspec

CaseStep = Literal["watched", "hold", "suspended", "released"]
"""`watched`: nothing is held, the node only looks; `hold`: what is sent is kept; `suspended`:
nothing more is taken; `released`: back to normal."""
GuardWord = Literal["released", "confirmed"]
"""It was the owner; it was stolen, and sends nothing until it is released."""

BLOCKED_PATH = "/blocked/"
"""Of the page on which a person whose log-in was refused reads why; beneath the panel's origin."""
BlockReason = Literal["passwords", "accounts", "attack"]
"""Many wrong passwords of one client at one account; wrong ones at many accounts; many strangers at
one account, who come one by one from then on."""

GuardCount = Literal[
    "guard_asked",
    "guard_slowed",
    "guard_held",
    "guard_refused",
    "guard_limited",
    "guard_cases",
    "guard_released",
    "guard_confirmed",
    "guard_logins",
    "guard_logins_blocked",
    "guard_took_0",
    "guard_took_1",
    "guard_took_2",
    "guard_took_3",
    "guard_took_4",
    "guard_took_5",
    "guard_took_6",
    "guard_took_7",
]
"""What the guard counts of its own work; what each means stands in `wire.events.NodeSeen`."""
GUARD_COUNTS: tuple[GuardCount, ...] = get_args(GuardCount)
TOOK_BOUNDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0)
"""Milliseconds: `guard_took_0` counts answers up to the first, the last of them all above."""


class Clue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that speaks for a theft."""

    signal: str
    """Its name in the guard's table of signals."""
    nats: float
    """How much it weighs (natural logarithm of a likelihood ratio)."""
    at: dt.datetime
    facts: str = ""
    """What was seen, in figures or names."""


class ClientSeen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From where it was sent lately."""

    client: str
    """Network address."""
    first: dt.datetime
    last: dt.datetime
    messages: int
    country: str = ""
    """Two letters; empty: not known."""
    usual: bool = False
    """A network that the mailbox has used for days."""
