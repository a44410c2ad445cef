"""Rspamd's log lines: which ones the operator must see."""

from __future__ import annotations

import re

_PROBLEM = re.compile(r"<\w*>; ((?:cfg|main|lua|proxy|milter)[;:].*(?:cannot|error|failed).*)$")
# It has no statistics before its first end, and a domain has no key until its record can be found.
_HARMLESS = re.compile(r"cannot load controller stats|dkim key .*cannot stat key file")


def problem(line: str) -> str | None:
    """The words of a line that means trouble on our side; None for all others."""
    found = _PROBLEM.search(line)
    if found is None or _HARMLESS.search(found.group(1)):
        return None
    return found.group(1)
