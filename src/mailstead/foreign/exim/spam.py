"""Headers of another server's SpamAssassin, told by those that our Rspamd adds.

Here `X-Spam: Yes` is the house's verdict, and `X-Spam-Level` has a star for each whole point. A
point of SpamAssassin is taken for one of Rspamd; where a bound falls between two stars, the side
is taken on which fewer messages are concerned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailstead.foreign.exim import regex
from mailstead.foreign.exim.leaves import number
from mailstead.foreign.exim.made import Made, opposite
from mailstead.foreign.exim.reasons import cannot
from mailstead.foreign.exim.syntax import Operator

VERDICT = Made('header :is "X-Spam" "Yes"', notes=frozenset({"spam-verdict"}))
_NAMES = re.compile(r"x-(?:spam|ham)\b.*")
_YES = re.compile(r"yes,?", re.IGNORECASE)
_MOST = 50
"""Points; no score of Rspamd is near it."""


@dataclass(frozen=True)
class Asked:
    """A question about spam: the verdict (`points` None), or whether there are so many points."""

    points: int | None
    opposite: bool = False


def concerns(name: str) -> bool:
    """Whether the header is one of a spam filter's."""
    return bool(_NAMES.fullmatch(name))


def asked(name: str, operator: Operator, value: str) -> Asked:
    """What a comparison with such a header asks; raises `Refusal`."""
    if operator == "matches":
        operator, value = _literal(name, value)
    if name in ("x-spam-status", "x-spam-flag"):
        if _YES.fullmatch(value.strip()) and operator in ("contains", "begins", "is"):
            return Asked(None)
    elif name in ("x-spam-bar", "x-spam-level"):
        char = "+" if name == "x-spam-bar" else "*"
        if value and set(value) == {char} and operator in ("contains", "begins"):
            return _points(name, len(value))
    elif name == "x-spam-score" and operator in ("above", "below"):
        # Ten times the score, as a whole number.
        tenths = number(value)
        if operator == "above":
            return _points(name, -(-(tenths + 1) // 10))
        return Asked(_points(name, tenths // 10).points, opposite=True)
    raise cannot("spam-header", f"{name.title()} in this way")


def _points(name: str, points: int) -> Asked:
    if not 1 <= points <= _MOST:
        raise cannot("spam-header", f"{name.title()} with {points} points")
    return Asked(points)


def _literal(name: str, value: str) -> tuple[Operator, str]:
    found = regex.alternatives(value)
    one = found[0]
    if len(found) != 1 or one.inner or one.end:
        raise cannot("spam-header", f"{name.title()} in this way")
    text = one.literal
    if text is None and (repeated := re.fullmatch(r"\^?\\?([+*])\{(\d{1,2}),?\}", one.text)):
        text = repeated[1] * int(repeated[2])
    if not text:
        raise cannot("spam-header", f"{name.title()} in this way")
    return ("begins" if one.start else "contains"), text


def test(question: Asked) -> Made:
    """The question in Sieve."""
    if question.points is None:
        return VERDICT
    stars = "*" * question.points
    house = {
        "field": "header",
        "match": "contains",
        "value": stars,
        "header": "X-Spam-Level",
        "negate": False,
    }
    found = Made(f'header :contains "X-Spam-Level" "{stars}"', notes=VERDICT.notes, house=(house,))
    return opposite(found) if question.opposite else found
