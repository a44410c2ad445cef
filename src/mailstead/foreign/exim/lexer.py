"""The words of an Exim filter: bare and quoted strings, brackets, comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mailstead.foreign.exim.syntax import Span
from mailstead.standards.refusal import Refusal

_SPACE = re.compile(r"[ \t\r\n\f\v]*")
_BARE = re.compile(r'[^ \t\r\n\f\v()"][^ \t\r\n\f\v()]*')
_COMMENT = re.compile(r"#[^\n]*")
_QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:(\r?\n[ \t]*)|([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `comments` are those that stand between it and the word before."""

    kind: Literal["bare", "quoted", "(", ")", "end"]
    text: str
    span: Span
    comments: tuple[tuple[str, int], ...] = ()
    """Each with the offset where it begins."""


def refused(line: int, words: str) -> Refusal:
    """A filter that Exim itself would not have taken, or that is none."""
    return Refusal(
        "exim-filter-invalid",
        "Line {line} of the filter: {fault}.",
        remedy="Its rules must be made anew by hand.",
        line=line,
        fault=words,
    )


def unquoted(text: str) -> str:
    """The inside of a quoted string without its level of `\\`; also what expansion does to it."""

    def char(found: re.Match[str]) -> str:
        newline, octal, sixteen, other = found.groups()
        if newline is not None:
            return ""
        if octal or sixteen:
            return chr(int(octal, 8) & 0xFF if octal else int(sixteen, 16))
        return _LETTERS.get(other, other)

    return _ESCAPE.sub(char, text) if "\\" in text else text


def tokens(text: str) -> list[Token]:
    """All words and an `end`; raises `Refusal` (`exim-filter-invalid`)."""
    found: list[Token] = []
    comments: list[tuple[str, int]] = []
    at, line, counted = 0, 1, 0
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
        if comment := _COMMENT.match(text, at):
            comments.append((comment.group()[1:].strip(), at))
            at = comment.end()
            continue
        line += text.count("\n", counted, at)
        counted = at
        if at == len(text):
            found.append(Token("end", "", Span(line, at, at), tuple(comments)))
            return found
        token = _token(text, at, line, tuple(comments))
        comments.clear()
        found.append(token)
        at = token.span.end


def _token(text: str, at: int, line: int, comments: tuple[tuple[str, int], ...]) -> Token:
    first = text[at]
    if first == "(":
        return Token("(", first, Span(line, at, at + 1), comments)
    if first == ")":
        return Token(")", first, Span(line, at, at + 1), comments)
    if first == '"':
        quoted = _QUOTED.match(text, at)
        if quoted is None:
            raise refused(line, "a quotation mark is missing at the end of a string")
        span = Span(line, at, quoted.end())
        return Token("quoted", unquoted(quoted.group(1)), span, comments)
    bare = _BARE.match(text, at)
    assert bare is not None  # neither space, bracket nor quotation mark begins it
    return Token("bare", bare.group(), Span(line, at, bare.end()), comments)
