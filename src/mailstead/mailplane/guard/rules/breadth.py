"""From how many new networks it is sent within a day, and from two at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.view import DAY, View

NATS = (0.0, 0.0, 2.0, 3.6, 5.2, 7.0)
"""By the number of new networks."""
AT_ONCE = 900.0


def find(view: View) -> Iterator[Finding]:
    """Count this one too."""
    if view.at_home:
        return
    profile, at = view.profile, view.at
    recent = [
        one
        for one in profile.places
        if at - one.last < DAY and not one.mature(at) and not one.first_read
        and one.key != view.place.wide
    ]  # fmt: skip
    count = len(recent) + 1
    if count < 2:
        return
    nats = NATS[min(count, len(NATS) - 1)]
    if not view.has_habits:
        nats *= 0.6
    # Who always comes from elsewhere does so today, too.
    habit = profile.wides / max(profile.active_days, 10)
    nats /= 1 + 2 * habit
    if view.place.guessed:
        nats *= 0.7
    yield Finding("networks-many", nats, str(count))
    if any(at - one.last < AT_ONCE and one.country != view.place.country for one in recent):
        yield Finding("networks-at-once", SIGNALS["networks-at-once"].most)
