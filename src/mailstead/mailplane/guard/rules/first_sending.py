"""Whether the mailbox has sent at all lately: thieves take those that are only read, too."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.view import DAY, View

OLD = 14 * DAY
DORMANT = 60 * DAY


def find(view: View) -> Iterator[Finding]:
    """For the first time, or after months."""
    profile = view.profile
    if view.at_home or view.at - profile.since < OLD:
        return
    if not profile.messages or view.at - profile.last > DORMANT:
        yield Finding("first-sending", SIGNALS["first-sending"].most)
