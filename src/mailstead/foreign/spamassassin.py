"""SpamAssassin's `user_prefs`: what somebody wanted of the spam filter (`read_prefs`)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from mailstead.foreign.notes import Notes

_ALLOW = ("whitelist_from", "welcomelist_from")
_DENY = ("blacklist_from", "blocklist_from")
_SCORE = ("required_score", "required_hits")
_NO_WISH = frozenset({"report_safe", "report_contact", "lang", "ok_languages", "ok_locales"})
"""How SpamAssassin looks or reports; our own filter has no such thing."""


@dataclass
class Prefs:
    """What was found."""

    score: float | None = None
    allow: list[str] = field(default_factory=list)
    deny: list[str] = field(default_factory=list)


def read_prefs(text: str, place: str, notes: Notes) -> Prefs:
    """Read the file; a line that cannot come becomes a remark."""
    found = Prefs()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        key, rest = words[0].lower(), words[1:]
        if key in _ALLOW:
            found.allow += rest
        elif key in _DENY:
            found.deny += rest
        elif key in _SCORE and len(rest) == 1 and (score := _number(rest[0])) is not None:
            found.score = score
        else:
            _say(key, line, f"{place}:{number}", notes)
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 1000 else None


def _say(key: str, line: str, place: str, notes: Notes) -> None:
    if key in _NO_WISH:
        words = "Our spam filter has no such setting."
        notes.add("dropped", "spam-setting", place, words, text=line)
    elif key == "rewrite_header":
        words = "Subjects of spam are not changed here; spam is marked by a header."
        notes.add("differs", "spam-subject", place, words, text=line)
    elif key == "score":
        words = "Scores of SpamAssassin's own tests mean nothing to our spam filter."
        notes.add("differs", "spam-test-score", place, words, text=line)
    else:
        notes.add("unknown", "spam-line", place, "This line is not understood.", text=line)
