"""With which program it is sent: how it greets (HELO), without what changes by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.profile import short
from mailstead.mailplane.guard.view import View

_LITERAL = re.compile(r"^\[.*\]$|^[\d.]+$|^[0-9a-f:]+:[0-9a-f:]*$", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")


@lru_cache(maxsize=10_000)
def key_of(helo: str) -> int:
    """What stands for a program: addresses are one, and numbers in names do not count."""
    name = helo.strip().lower()
    if _LITERAL.match(name):
        return 1
    return short(_DIGITS.sub("0", name))


def find(view: View) -> Iterator[Finding]:
    """New, or known for days."""
    device = view.device
    if device is None:
        if any(one.mature(view.at) for one in view.profile.devices):
            yield Finding("device-new", SIGNALS["device-new"].most, view.act.helo[:60])
    elif device.mature(view.at):
        yield Finding("device-known", SIGNALS["device-known"].most)
