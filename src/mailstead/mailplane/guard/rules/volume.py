"""How much is sent, against the most that the mailbox has sent in an hour and in a day."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.view import DAY, HOUR, View, doublings

KEEP = 60 * DAY
"""In which half of a peak is forgotten: who sends each quarter is known still."""
LEAST_HOUR, LEAST_DAY = 10.0, 20.0
"""Recipients that are nothing unusual for anybody."""
_EACH = 1.1
"""Nats for each doubling."""


def find(view: View) -> Iterator[Finding]:
    """The worse of the two."""
    profile, at, count = view.profile, view.at, len(view.act.recipients)
    worst = 0.0
    for rate, half, least in ((profile.hour, HOUR, LEAST_HOUR), (profile.day, DAY, LEAST_DAY)):
        most = max(least, rate.most(at, KEEP))
        worst = max(worst, doublings(rate.now(at, half) + count, most))
    if worst:
        nats = min(_EACH * worst, SIGNALS["volume"].most) * view.sureness
        yield Finding("volume", nats, str(round(profile.day.now(at, DAY) + count)))
