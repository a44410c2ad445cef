"""How many recipients one message has."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.rules.volume import KEEP
from mailstead.mailplane.guard.view import View

LEAST = 15


def find(view: View) -> Iterator[Finding]:
    """More than it ever sent in a whole hour."""
    count, profile = len(view.act.recipients), view.profile
    if count >= LEAST and count > 2 * profile.hour.most(view.at, KEEP):
        yield Finding("crowded", SIGNALS["crowded"].most * view.sureness, str(count))
