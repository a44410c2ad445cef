"""What the engines' logs have in common: texts that strangers wrote, and times without a zone."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

LONGEST_LINE = 8192
"""Octets; a longer line tells nothing."""
LONGEST_ADDRESS = 320
LONGEST_ID = 250
# Controls, and what turns the direction or the line of a text that people read.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def plain(raw: bytes, most: int) -> str:
    """A text of a stranger as one harmless line of at most so many characters."""
    return _UNSEEN.sub("\ufffd", raw.decode("utf-8", "replace"))[:most]


def message_id(raw: bytes) -> str:
    """A Message-ID: what stands between the first angle brackets, or all; spaces do not count."""
    text = b"".join(raw.split())
    if text.startswith(b"<"):
        text = text[1:].partition(b">")[0]
    return plain(text, LONGEST_ID)


@lru_cache(maxsize=64)
def _parsed(text: str, form: str) -> dt.datetime:
    return dt.datetime.strptime(text, form).astimezone(dt.UTC)


def moment(text: str, form: str, now: dt.datetime) -> dt.datetime:
    """When a line was written, the logs being in the machine's time; never after `now`."""
    try:
        if "%Y" not in form:
            text, form = f"{now.astimezone().year} {text}", f"%Y {form}"
        found = _parsed(text, form)
        if found > now + dt.timedelta(days=2):
            # Written in December, read in January.
            found = found.replace(year=found.year - 1)
    except ValueError:
        return now
    return min(found, now)
