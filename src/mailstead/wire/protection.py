"""What the guard finds about a mailbox, and what a person answers."""

from __future__ import annotations

import datetime as dt
from typing import Literal

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
