"""DNS records as lines of a zone file (RFC 1035 §5.1)."""

from __future__ import annotations

_LONGEST = 255
"""Octets of one character-string; a longer value is written as several (RFC 7208 §3.3)."""


def zone_line(name: str, kind: str, value: str) -> str:
    """One record, its name absolute, with an hour to live."""
    return f"{name}. 3600 IN {kind} {quoted(value) if kind == 'TXT' else value}"


def quoted(value: str) -> str:
    """A text as character-strings."""
    parts = [value[at : at + _LONGEST] for at in range(0, len(value), _LONGEST)] or [""]
    return " ".join(f'"{_escaped(part)}"' for part in parts)


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace('"', '\\"')
