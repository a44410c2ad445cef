"""The log of the server of TLS policies: what it prints, kept by the supervisor."""

from __future__ import annotations


def problem(line: str) -> str | None:
    """None: it has no log of its own."""
    return None
