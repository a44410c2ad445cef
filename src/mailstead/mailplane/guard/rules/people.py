"""To whom it is sent: people never written to before, against how often that happens here."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

from mailstead.mailplane.guard.evidence import SIGNALS, Finding, left
from mailstead.mailplane.guard.view import DAY, View

BOTH = ("people-new", "people-known")
STOLEN = 0.97
"""Share of strangers among a thief's recipients."""
_AT_FIRST = 0.75
"""Share of strangers among the recipients of a mailbox that has hardly sent yet."""


def usual(view: View) -> float:
    """The share of strangers that is usual here."""
    profile = view.profile
    prior = _AT_FIRST if profile.usual < 20 or view.at - profile.since < 30 * DAY else 0.3
    return min(max((profile.usual_new + 4 * prior) / (profile.usual + 4), 0.06), 0.96)


def find(view: View) -> Iterator[Finding]:
    """Each recipient counts; a few dozen are as good as hundreds."""
    share = usual(view)
    count = len(view.act.recipients)
    new = view.new_people
    gain = new * log(STOLEN / share) if share < STOLEN else 0.0
    loss = (count - new) * log((1 - STOLEN) / (1 - share))
    kept = 0.0
    for signal in BOTH:
        mark = view.profile.marks.get(signal)
        if mark is not None:
            kept += left(signal, mark, view.at)
    most = SIGNALS["people-new"].most * view.sureness
    nats = min(max(kept + gain + loss, SIGNALS["people-known"].most), most)
    if nats > 0:
        yield Finding("people-new", nats, str(new))
    elif nats < 0:
        yield Finding("people-known", nats)
