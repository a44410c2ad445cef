"""Knot's log lines: which ones the operator must see."""

from __future__ import annotations

import re

_PROBLEM = re.compile(r" (?:error|critical): (.+)$")


def problem(line: str) -> str | None:
    """The words of a line that means trouble on our side; None for all others."""
    found = _PROBLEM.search(line)
    return found.group(1) if found else None
