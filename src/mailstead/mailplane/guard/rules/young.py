"""How old the mailbox is: those who open one to send spam send at once."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.view import DAY, View


def find(view: View) -> Iterator[Finding]:
    """In its first two days."""
    if view.at - view.profile.since < 2 * DAY:
        yield Finding("young", SIGNALS["young"].most)
