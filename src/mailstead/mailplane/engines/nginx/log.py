"""nginx's log lines: which ones the operator must see."""

from __future__ import annotations

import re

_PROBLEM = re.compile(r"\[(?:error|crit|alert|emerg)\] \d+#\d+: (.+)$")
# What clients do wrong, and the moments in which the control plane is started anew.
_HARMLESS = re.compile(
    r"client intended to send too large|SSL_do_handshake|SSL_read|connect\(\) to unix:"
    r"|upstream prematurely closed|open\(\) .* failed \(2: No such file"
    r"|limiting connections|access forbidden"
)


def problem(line: str) -> str | None:
    """The words of a line that means trouble on our side; None for all others."""
    found = _PROBLEM.search(line)
    if found is None or _HARMLESS.search(found.group(1)):
        return None
    return found.group(1)
