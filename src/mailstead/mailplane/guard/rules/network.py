"""From which network and country it is sent, against those that the mailbox has used."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.view import DAY, View

FRESH = DAY / 2
"""A network is new for so long: a thief stays, too."""
_COUNTRY_KNOWN = -0.8


def find(view: View) -> Iterator[Finding]:
    """New, or known for days; one in between says nothing."""
    seen, profile = view.seen, view.profile
    if view.settled and seen is not None:
        nats = SIGNALS["network-known"].most
        yield Finding("network-known", nats if seen.near == view.place.near else nats * 0.75)
        return
    if not view.has_habits or (seen is not None and view.at - seen.first > FRESH):
        return
    # How likely its owner comes from a new one, by how often they did.
    likely = (profile.wides + 0.5) / (profile.active_days + 20)
    nats = log(0.95 / min(max(likely, 0.012), 0.6))
    nats = min(nats, SIGNALS["network-new"].most)
    if view.place.guessed:
        # One company has many wide prefixes.
        nats *= 0.75
    country = view.place.country
    if country:
        known = {one.country for one in profile.places if one.mature(view.at)}
        if country not in known:
            yield Finding("country-new", SIGNALS["country-new"].most, country)
        else:
            nats += _COUNTRY_KNOWN
    yield Finding("network-new", nats, view.act.client)
