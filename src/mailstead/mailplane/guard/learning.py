"""What the agent tells the guard of what the engines' logs say: one JSON list a line.

The agent reads the logs, the guard does not: it runs as a user who may not.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mailstead.mailplane.guard import acts

MOST_AT_ONCE = 500
"""Acts in one line."""
LONGEST = 1 << 20
"""Octets of a line."""


class Failed(msgspec.Struct, frozen=True, tag="fate"):
    """A recipient of a message that the mailbox has submitted was not reached."""

    at: float
    mailbox: str
    recipient: str
    fate: acts.Fate


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """The mailbox was removed: nothing is kept of it."""

    mailbox: str


Told = Failed | Gone
Learned = acts.SignIn | acts.Outcome | Gone
"""Log-ins come from Dovecot (guard/logins), not by this way."""
_DECODE = msgspec.json.Decoder(list[Told])


def line(told: Sequence[Told]) -> bytes:
    """As it is sent."""
    return msgspec.json.encode(told) + b"\n"


def read(text: bytes) -> list[Learned]:
    """As the observer takes it; raises `msgspec.MsgspecError`."""
    return [_act(one) for one in _DECODE.decode(text)]


def _act(one: Told) -> Learned:
    if isinstance(one, Gone):
        return one
    return acts.Outcome(one.at, one.mailbox, one.recipient, one.fate)
