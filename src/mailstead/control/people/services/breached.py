"""What the house does about passwords that are known from leaks: warn, refuse, or not look.

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
STRICTNESS = ("off", "warn", "refuse")
_log = logging.getLogger(__name__)


@cache
def _watch(path: Path) -> Watch:
    return Watch(path)


def in_force(rule: str = "") -> str:
    """What holds: the house's word, or a customer's `rule` (empty: none) where it is stricter."""
    return max(settings.MAILSTEAD.passwords.breached, rule or "off", key=STRICTNESS.index)


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
    if known and policy == "refuse":
        raise Refusal(
            "password-breached",
            "This password is known from leaks of other services, and thieves try it first.",
            remedy="Choose one that you use nowhere else, or let one be generated.",
        )
    return known
