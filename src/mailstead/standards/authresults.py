"""What a host of ours has found out about a message, in `Authentication-Results` (RFC 8601).

Only the field that is first is believed, and only where it names our own host: a message may bring
others, and the one that we add stands above them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_COMMENT = re.compile(r"\([^()]*\)")
_DOMAIN = re.compile(r"header\.(?:d|i)=\"?@?(?:[^\s;\"@]*@)?([A-Za-z0-9._-]+)")


def signed_by(fields: Sequence[str], host: str, domain: str) -> bool:
    """Whether `host` found a good DKIM signature of `domain` or of a domain above or below it."""
    if not fields or not host:
        return False
    first, *results = _COMMENT.sub("", fields[0]).split(";")
    if first.split()[:1] != [host]:
        return False
    for result in results:
        words = result.strip().lower()
        if not re.match(r"dkim\s*=\s*pass\b", words):
            continue
        found = _DOMAIN.search(words)
        if found and _related(found[1], domain):
            return True
    return False


def _related(one: str, other: str) -> bool:
    """Whether one domain is the other or above it, with at least two labels (relaxed alignment)."""
    if one == other:
        return True
    above, below = sorted((one, other), key=len)
    return "." in above and below.endswith(f".{above}")
