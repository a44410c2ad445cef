"""What the guard learns from, as plain values: what a mailbox does and what becomes of it.

Times are seconds since 1970 (UTC). Nothing here is text that somebody wrote but addresses: a
subject or a body is a number that tells whether two are alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Protocol = Literal["smtp", "imap", "pop3", "sieve", "web"]
Fate = Literal["unknown", "bounced", "refused", "deferred"]
"""Of a recipient: does not exist here; does not exist there; refused for what we sent or are; not
taken yet."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A log-in that succeeded."""

    at: float
    mailbox: str
    protocol: Protocol
    client: str
    """Network address."""
    device: str = ""
    """What the program says it is, or the device's number; empty: nothing."""
    breached: bool = False
    """The password is in the lists of breached ones."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A message that a log-in hands in, at DATA."""

    at: float
    mailbox: str
    client: str
    helo: str
    sender: str
    recipients: tuple[str, ...]
    size: int
    """Octets; 0: the client has not said."""
    instance: str
    """The same for all that is asked and heard about this message."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was in a message that was taken; comes a moment after it."""

    at: float
    mailbox: str
    instance: str
    """Of the submission, or the number under which Postfix has queued it."""
    author: str
    """The address in the header From."""
    subject: int
    """Keyed hash of the subject without numbers and prefixes; 0: none."""
    body: int
    """64 bits that differ in few places for texts that are alike; 0: none."""
    score: float
    """Of the content filter."""
    spam: bool
    """It would be spam if it had come from elsewhere."""
    foreign: bool = False
    """The author is nobody in whose name the mailbox may write."""
    why: str = ""
    """What made most of the score, in the filter's names."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a recipient, where it was nothing good."""

    at: float
    mailbox: str
    recipient: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Complaint:
    """Somebody calls a message of the mailbox spam."""

    at: float
    mailbox: str


Act = SignIn | Submission | Content | Outcome | Complaint
