"""What became of recipients: lists that were bought name many who do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

from mailstead.mailplane.guard.acts import Outcome
from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.profile import DAY, Record

STOLEN = 0.2
"""Share of a thief's recipients who do not exist or refuse."""
WEIGHTS = {"unknown": 1.0, "bounced": 1.0, "refused": 1.0, "deferred": 0.25}


def find(act: Outcome, record: Record) -> Iterator[Finding]:
    """Against how often that happens here, and how many were written to today."""
    profile = record.profile
    bad = profile.bad_now.add(WEIGHTS[act.fate], act.at, DAY)
    sent = max(profile.day.now(act.at, DAY), bad)
    usual = min(max((profile.bad + 1) / (profile.usual + 25), 0.005), STOLEN / 2)
    nats = bad * log(STOLEN / usual) + (sent - bad) * log((1 - STOLEN) / (1 - usual))
    # One wrong address says little, however rare they are here.
    nats = min(nats, 1.2 * bad, SIGNALS["nobody-there"].most) * record.sureness(act.at)
    if nats > 0:
        yield Finding("nobody-there", nats, f"{bad:.0f}/{sent:.0f}")
