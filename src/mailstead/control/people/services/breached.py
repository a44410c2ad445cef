"""What the house does about passwords known from leaks: warn, refuse, have changed, or not look.

The one place of the control plane that asks the index. Without a usable index nothing is known of
any password and everything goes on.
"""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

from django.conf import settings

from mailstead.breached.index import Watch
from mailstead.home import Home
from mailstead.standards.refusal import Refusal

KNOWN = "The new password is known from leaks."
"""What the trail says of such a change."""
STRICTNESS = ("off", "warn", "refuse", "change")
_log = logging.getLogger(__name__)


@cache
def _watch(path: Path) -> Watch:
    return Watch(path)


def in_force(rule: str = "") -> str:
    """What holds: the house's word, or a customer's `rule` (empty: none) where it is stricter."""
    return max(settings.MAILSTEAD.passwords.breached, rule or "off", key=STRICTNESS.index)


def days_to_change(rule: str = "", days: int = 0) -> int:
    """Days after a warning in which such a password must be changed; 0: it may stay.

    `rule` and `days` are a customer's own; the shorter time holds.
    """
    house = settings.MAILSTEAD.passwords
    found = [house.change_days] if house.breached == "change" else []
    found += [days] if rule == "change" else []
    return min(found, default=0)


def is_breached(password: str, rule: str = "") -> bool:
    """Whether the password is known from leaks; False where nobody looks.

    `rule` is a customer's own, stricter than the house's or empty. Raises `Refusal`
    (`password-breached`) where such a password is refused.
    """
    policy = in_force(rule)
    if policy == "off":
        return False
    watch = _watch(Home(settings.MAILSTEAD.home).breached_index)
    before = watch.trouble
    known = watch.knows(password)
    if watch.trouble != before and watch.trouble:
        _log.warning("%s", watch.trouble)
    if known and policy in ("refuse", "change"):
        raise Refusal(
            "password-breached",
            "This password is known from leaks of other services, and thieves try it first.",
            remedy="Choose one that you use nowhere else, or let one be generated.",
        )
    return known
