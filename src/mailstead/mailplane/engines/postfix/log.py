"""Postfix's log lines: which ones the operator must see."""

from __future__ import annotations

import re

_PROBLEM = re.compile(r"postfix/[\w/-]+\[\d+\]: ((?:fatal|panic|error|warning): .+)$")
_HARMLESS = re.compile(
    r"warning: (hostname .* does not resolve|.*: SASL (PLAIN|LOGIN) authentication failed"
    r"|.*address not listed for hostname|non-SMTP command|.*TLS library problem"
    r"|.*Connection rate limit|.*numeric domain name)"
)


def problem(line: str) -> str | None:
    """The words of a line that means trouble on our side; None for all others."""
    found = _PROBLEM.search(line)
    if found is None or _HARMLESS.search(found.group(1)):
        return None
    return found.group(1)
