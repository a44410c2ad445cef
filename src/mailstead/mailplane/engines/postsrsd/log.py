"""PostSRSd's log: it has none of its own."""

from __future__ import annotations


def problem(line: str) -> str | None:
    """None for every line."""
    return None
