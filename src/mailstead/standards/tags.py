"""Records in DNS of the form `v=…; name=value`, as RFC 8461 §3.1 and RFC 8460 §3 have them."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_RECORD = 4096
"""Characters of a record; both standards need some hundred."""
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([\x21-\x3a\x3c\x3e-\x7e]*)")
_LOOSE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([\x20-\x3a\x3c-\x7e]*)")


def single(texts: Iterable[str], version: str) -> str | None:
    """The only record of that version among the TXT records of a name; None if none or several.

    Records of other kinds may stand beside it and do not count.
    """
    begins = re.compile(r"v=" + re.escape(version) + r"[ \t]*;")
    found = [text for text in texts if begins.match(text)]
    return found[0] if len(found) == 1 else None


def fields(record: str, *, spaces: bool = False) -> dict[str, str] | None:
    """Names and values, the first of each name; None for what does not keep to the form.

    `spaces`: values may hold spaces and equals signs, as lists of addresses do.
    """
    found: dict[str, str] = {}
    if len(record) > MAX_RECORD:
        return None
    parts = [part.strip(" \t") for part in record.split(";")]
    if not parts[-1]:
        parts.pop()
    for part in parts:
        field = (_LOOSE if spaces else _FIELD).fullmatch(part)
        if not field:
            return None
        found.setdefault(field[1], field[2])
    return found
