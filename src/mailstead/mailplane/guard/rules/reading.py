"""Whether mail is read (IMAP, POP, panel) from where it is sent: a spammer reads nothing."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.view import DAY, View

BEFORE = 300.0
"""Seconds before it is sent: who tries a password reads at once, and only once."""


def find(view: View) -> Iterator[Finding]:
    """Read here before, or elsewhere only."""
    seen = view.seen
    if view.settled:
        return
    if seen is not None and seen.first_read and view.at - seen.first_read > BEFORE:
        nats = SIGNALS["read-here"].most
        yield Finding("read-here", nats if view.at - seen.first_read > DAY else nats * 0.6)
    elif any(view.at - one.read < 30 * DAY for one in view.profile.places if one.read):
        yield Finding("never-read-here", SIGNALS["never-read-here"].most)
