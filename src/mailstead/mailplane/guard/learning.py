"""What the agent tells the guard of what the engines' logs say: one JSON list a line.

The agent reads the logs, the guard does not: it runs as a user who may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from mailstead.mailplane.guard import acts

MOST_AT_ONCE = 500
"""Acts in one line."""
LONGEST = 1 << 20
"""Octets of a line."""


class Leaked(msgspec.Struct, frozen=True, tag="in"):
    """A log-in with a password that is known from leaks; of others Dovecot tells (guard/logins)."""

    at: float
    mailbox: str
    protocol: Literal["imap", "pop3", "sieve", "smtp"]
    client: str


class Failed(msgspec.Struct, frozen=True, tag="fate"):
    """A recipient of a message that the mailbox has submitted was not reached."""

    at: float
    mailbox: str
    recipient: str
    fate: acts.Fate


class Complained(msgspec.Struct, frozen=True, tag="spam"):
    """Somebody calls a message of the mailbox spam."""

    at: float
    mailbox: str


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """The mailbox was removed: nothing is kept of it."""

    mailbox: str


class Taken(msgspec.Struct, frozen=True, tag="taken"):
    """The agent has told these of what the guard had for it (`CaseStore.untold`)."""

    numbers: tuple[int, ...]
    pulled: tuple[str, ...] = ()
    """Messages that were taken back for it: they have not gone after all."""


Told = Leaked | Failed | Complained | Gone | Taken
Learned = acts.SignIn | acts.Content | acts.Outcome | acts.Complaint | Gone | Taken
"""Other log-ins come from Dovecot (guard/logins), not by this way."""
_DECODE = msgspec.json.Decoder(list[Told])


def line(told: Sequence[Told]) -> bytes:
    """As it is sent."""
    return msgspec.json.encode(told) + b"\n"


def read(text: bytes) -> list[Learned]:
    """As the observer takes it; raises `msgspec.MsgspecError`."""
    return [_act(one) for one in _DECODE.decode(text)]


def _act(one: Told) -> Learned:
    if isinstance(one, Gone | Taken):
        return one
    if isinstance(one, Leaked):
        return acts.SignIn(one.at, one.mailbox, one.protocol, one.client, breached=True)
    if isinstance(one, Complained):
        return acts.Complaint(one.at, one.mailbox)
    return acts.Outcome(one.at, one.mailbox, one.recipient, one.fate)
