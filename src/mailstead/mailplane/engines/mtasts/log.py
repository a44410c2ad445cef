"""mta-sts-daemon's log lines: which ones the operator must see."""

from __future__ import annotations

import re

# `2026-11-24 10:00:00 ERROR    STS: Cache get failed: …`. A policy that cannot be fetched is a
# warning: it is somebody else's trouble.
_PROBLEM = re.compile(r"^\S+ \S+ (?:ERROR|CRITICAL|FATAL)\s+\w+: (.+)$")


def problem(line: str) -> str | None:
    """The words of a line that means trouble on our side; None for all others."""
    found = _PROBLEM.match(line)
    return found[1] if found else None
