"""Redis's log lines: which ones the operator must see."""

from __future__ import annotations

import re

_PROBLEM = re.compile(r" # (.+)$")
_HARMLESS = re.compile(
    r"overcommit|Warning: Could not create|Redis is (?:starting|now ready)|Redis version="
    r"|Configuration loaded|Server initialized|User requested"
)


def problem(line: str) -> str | None:
    """The words of a line that means trouble on our side; None for all others."""
    found = _PROBLEM.search(line)
    if found is None or _HARMLESS.search(found.group(1)):
        return None
    return found.group(1)
