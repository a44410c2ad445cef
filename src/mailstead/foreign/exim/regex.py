"""Perl's regular expressions as POSIX's extended ones, which Sieve's `:regex` takes.

Read into pieces and written anew, so that nothing gets through whose meaning differs; what cannot
be told is refused. A bound on repetitions keeps an expression from costing seconds for each
message: glibc writes `x{0,5000}` out (1.1 s was measured for one of those, 123 s for 32,000).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mailstead.foreign.exim.reasons import cannot

COSTLY = 600
"""Repetitions, all levels multiplied."""
LONGEST = 2000
DEEPEST = 20
_CLASSES = {
    "d": "0-9",
    "w": "A-Za-z0-9_",
    "s": " \t\n\r\f\v",
    "h": " \t",
}
_CHARS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
_BOUNDS = re.compile(r"\{(\d+)(,(\d*))?\}")
_NAMED = re.compile(r"\[:(\^?)([a-z]+):\]")
_POSIX = {"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space"}
_POSIX |= {"upper", "xdigit"}


@dataclass(frozen=True)
class Expression:
    """An expression of POSIX and what has to be known about it."""

    text: str
    empty: bool
    """Whether an absent header matches, which Exim takes for an empty one."""
    start: bool
    end: bool
    """Anchored there."""
    literal: str | None
    """The text that it stands for, where it is nothing else."""
    blank: bool
    """Whether it may match over a space, where a header may be folded."""
    inner: bool
    """Anchors in it that are neither at its beginning nor at its end."""
    longest: int | None
    """Octets of what it matches at most; None: no bound."""


@dataclass(frozen=True)
class _Piece:
    """What stands between two repetitions."""

    text: str
    plain: str | None = None
    empty: bool = False
    blank: bool = False
    anchors: bool = False
    longest: int | None = 1


def alternatives(pattern: str) -> list[Expression]:
    """The expressions of which one has to match; raises `Refusal` (`regex`)."""
    if len(pattern) > LONGEST:
        raise cannot("regex", "too much text")
    # Case is told by the operator; this much of it is often written anyway.
    pattern = pattern.removeprefix("(?i)")
    reader = _Reader(pattern)
    found = [reader.alternative()]
    while reader.take("|"):
        found.append(reader.alternative())
    if reader.rest:
        raise cannot("regex", f"'{reader.rest[:10]}'")
    return found


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern, self._at = pattern, 0
        self._depth = 0
        self._weight = 0

    @property
    def rest(self) -> str:
        return self._pattern[self._at :]

    def take(self, text: str) -> bool:
        if self._pattern.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def alternative(self) -> Expression:
        written: list[str] = []
        literal: list[str] | None = []
        empty, longest = True, 0
        unbounded = blank = inner = start = end = False
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            if self._pattern[self._at] in "^$":
                char = self._anchor()
                inner |= end or (char == "^" and bool(written))
                start, end = start or char == "^", char == "$"
                written.append(char)
                continue
            inner |= end
            end = False
            piece, least, most = self._repeated()
            written.append(piece.text)
            if piece.plain is None or (least, most) != (1, 1):
                literal = None
            elif literal is not None:
                literal.append(piece.plain)
            empty &= piece.empty or least == 0
            blank |= piece.blank
            inner |= piece.anchors
            unbounded |= most is None or piece.longest is None
            longest += (most or 0) * (piece.longest or 0)
        return Expression(
            text="".join(written) or "()",
            empty=empty,
            start=start,
            end=end,
            literal=None if literal is None else "".join(literal),
            blank=blank,
            inner=inner,
            longest=None if unbounded else longest,
        )

    def _anchor(self) -> str:
        char = self._pattern[self._at]
        self._at += 1
        self._no_repeat()
        return char

    def _repeated(self) -> tuple[_Piece, int, int | None]:
        """A piece with what repeats it, how often at least and at most."""
        before, self._weight = self._weight, 0
        piece = self._atom()
        sign, least, most = self._sign()
        self._weight = before + max(1, self._weight) * max(1, most or 1)
        if self._weight > COSTLY:
            raise cannot("regex", "too many repetitions")
        return replace(piece, text=piece.text + sign), least, most

    def _no_repeat(self) -> None:
        if self.rest[:1] in ("*", "+", "?") or _BOUNDS.match(self._pattern, self._at):
            raise cannot("regex", "a repetition of what cannot be repeated")

    def _atom(self) -> _Piece:
        char = self._pattern[self._at]
        self._at += 1
        if char == "(":
            return self._group()
        if char == "[":
            text, blank = self._set()
            return _Piece(text, blank=blank)
        if char == ".":
            # It does not match the end of a line there.
            return _Piece("[^\n]", blank=True)
        if char in "*+?" or (char == "{" and _BOUNDS.match(self._pattern, self._at - 1)):
            raise cannot("regex", f"'{char}' where nothing is repeated")
        return self._escape() if char == "\\" else _plain(char)

    def _group(self) -> _Piece:
        if not self.take("?:") and self.rest[:1] in ("?", "*"):
            raise cannot("regex", f"'({self.rest[:3]}'")
        self._depth += 1
        if self._depth > DEEPEST:
            raise cannot("regex", "too many brackets")
        found = [self.alternative()]
        while self.take("|"):
            found.append(self.alternative())
        if not self.take(")"):
            raise cannot("regex", "no ')'")
        self._depth -= 1
        anchors = any(one.start or one.end or one.inner for one in found)
        bounds = [one.longest for one in found]
        return _Piece(
            "(" + "|".join(one.text for one in found) + ")",
            found[0].literal if len(found) == 1 and not anchors else None,
            any(one.empty for one in found),
            any(one.blank for one in found),
            anchors,
            None if None in bounds else max(bound or 0 for bound in bounds),
        )

    def _escape(self) -> _Piece:
        if not self.rest:
            raise cannot("regex", "a '\\' at its end")
        char = self._pattern[self._at]
        self._at += 1
        if char.lower() in _CLASSES:
            negated = char.isupper()
            blank = (char.lower() in "sh") != negated
            return _Piece(f"[{'^' if negated else ''}{_CLASSES[char.lower()]}]", blank=blank)
        if char in _CHARS:
            return _plain(_CHARS[char])
        if char.isalnum():
            raise cannot("regex", f"'\\{char}'")
        return _plain(char)

    def _set(self) -> tuple[str, bool]:
        negated = self.take("^")
        inside: list[str] = []
        named: list[str] = []
        first = True
        while True:
            if not self.rest:
                raise cannot("regex", "no ']'")
            if self.take("]"):
                if not first:
                    break
                inside.append("]")
            elif found := _NAMED.match(self._pattern, self._at):
                if found[1] or found[2] not in _POSIX:
                    raise cannot("regex", found[0])
                named.append(found[0])
                self._at = found.end()
            elif self.rest[:2] in ("[.", "[="):
                raise cannot("regex", f"'{self.rest[:2]}'")
            else:
                self._member(inside, named)
            first = False
        return _set_text(negated, inside, named)

    def _member(self, inside: list[str], named: list[str]) -> None:
        low = self._set_char()
        if len(low) > 1:
            named.append(low)
            return
        if self.rest[:1] == "-" and self.rest[1:2] not in ("]", ""):
            self._at += 1
            high = self._set_char()
            if len(high) > 1 or high < low or ord(high) - ord(low) > 255 or ord(high) > 127:
                raise cannot("regex", "such a range")
            if low.isalnum() and high.isalnum():
                named.append(f"{low}-{high}")
            else:
                inside += [chr(code) for code in range(ord(low), ord(high) + 1)]
        else:
            inside.append(low)

    def _set_char(self) -> str:
        char = self._pattern[self._at]
        self._at += 1
        if char != "\\":
            return char
        if not self.rest:
            raise cannot("regex", "a '\\' at its end")
        char = self._pattern[self._at]
        self._at += 1
        if char in _CLASSES:
            return _CLASSES[char]
        if char in _CHARS:
            return _CHARS[char]
        if char.isalnum():
            raise cannot("regex", f"'\\{char}'")
        return char

    def _sign(self) -> tuple[str, int, int | None]:
        bounds = _BOUNDS.match(self._pattern, self._at)
        least, most = 1, None
        if bounds:
            self._at = bounds.end()
            sign, least = bounds[0], int(bounds[1][:6])
            if bounds[3] or not bounds[2]:
                most = int(bounds[3][:6]) if bounds[3] else least
            if max(least, most or 0) > COSTLY or (most is not None and most < least):
                raise cannot("regex", bounds[0])
        elif self.rest[:1] in ("*", "+", "?") and self.rest:
            sign = self.rest[0]
            self._at += 1
            least, most = (1 if sign == "+" else 0), (1 if sign == "?" else None)
        else:
            return "", 1, 1
        if self.take("+"):
            raise cannot("regex", f"'{sign}+'")
        # Whether it takes much or little first changes nothing about whether it matches.
        self.take("?")
        self._no_repeat()
        return sign, least, most


def _plain(char: str) -> _Piece:
    blank = char in " \t\n"
    return _Piece(quoted(char), char, blank=blank, longest=len(char.encode(errors="replace")))


def _set_text(negated: bool, inside: list[str], named: list[str]) -> tuple[str, bool]:
    """A set as POSIX writes it: no escapes, `]` first, `^` not first, `-` last."""
    chars = dict.fromkeys(inside)
    if any(ord(char) > 127 for char in chars):
        # Octet by octet there, so that a set would hold parts of a letter.
        raise cannot("regex", "letters beyond ASCII in brackets")
    tail = [char for char in ("^", "-") if char in chars]
    head = "]" if "]" in chars else ""
    middle = "".join(char for char in chars if char not in "]^-")
    whole = "".join(dict.fromkeys(named))
    text = head + middle.replace("[", "") + whole + ("[" if "[" in chars else "") + "".join(tail)
    blank = negated or bool({" ", "\t", "\n"} & set(inside)) or " " in whole or "[:" in whole
    if text == "^" and not negated:
        return "\\^", blank
    return f"[{'^' if negated else ''}{text}]", blank


def quoted(text: str) -> str:
    """An expression that matches the text itself only."""
    return "".join("\\" + char if char in "\\^$.[]|()*+?{}" else char for char in text)
