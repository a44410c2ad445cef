"""What the parent asks of a load process and what it answers, as JSON on its pipes."""

from __future__ import annotations

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The share of one load process."""

    port: int
    password: str
    concurrency: int
    """Sessions open at once."""
    per_session: int
    """Messages in one session before QUIT."""
    size: int
    """Octets of each message, header included."""
    run: str
    """Names the run in Message-IDs."""
    letters: list[tuple[str, str, int]]
    """Sender, recipient, number."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a load process saw. Times are `time.monotonic()`, one clock for the whole machine."""

    began: float
    ended: float
    accepted: int
    cpu: float
    """Seconds of processor time the process used while it sent."""
    refusals: list[str]
    """Replies that a working host would not have given."""
    sessions: int
