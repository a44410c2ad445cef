"""An Exim filter's grammar: words to the tree of `syntax`."""

from __future__ import annotations

import re
from typing import Literal, NoReturn, cast, get_args

from mailstead.foreign.exim.lexer import Token, refused, tokens
from mailstead.foreign.exim.syntax import (
    Branch,
    Command,
    Compare,
    Condition,
    Deed,
    DeedName,
    Filter,
    Flag,
    FlagName,
    ForAnyAddress,
    If,
    Many,
    Not,
    Operator,
    Personal,
    Seen,
    Span,
    Statement,
    Text,
)

LONGEST = 4_000_000
"""Characters of a filter."""
MOST = 10_000
"""Rules; cPanel allows 4,096."""
DEEPEST = 12
"""Levels of `if` and of brackets; Sieve's own bound is 32, and each of ours may take two."""
_OPERATORS: dict[str, Operator] = {
    "contain": "contains",
    "contains": "contains",
    "begin": "begins",
    "begins": "begins",
    "end": "ends",
    "ends": "ends",
    "match": "matches",
    "matches": "matches",
}
_FLAGS = get_args(FlagName)
_ONE_WORD = {"deliver", "pipe", "save", "logfile", "logwrite", "testprint"}
_NAMES = get_args(DeedName)
_MAIL_WORDS = {
    *("bcc", "cc", "extra_headers", "file", "from", "log", "once", "once_repeat"),
    *("reply_to", "subject", "text", "to"),
}
_MODE = re.compile(r"[0-7]+")


def parse(text: str) -> Filter:
    """The tree; raises `Refusal` (`exim-filter-invalid`) where Exim would not take it."""
    if len(text) > LONGEST:
        raise refused(1, "it is too long")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0
        self._charset = ""

    def whole(self) -> Filter:
        found: list[Statement] = []
        while self._now.kind != "end":
            if len(found) == MOST:
                raise refused(self._now.span.line, "too many rules")
            comments, start, line = self._now.comments, self._now.span.start, self._now.span.line
            command = self._command()
            if comments:
                start = comments[0][1]
            if isinstance(command, Deed) and command.name == "headers" and not command.options:
                continue
            span = Span(line, start, self._tokens[self._at - 1].span.end)
            found.append(Statement(command, tuple(words for words, _ in comments), span))
        return Filter(tuple(found), self._charset)

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _is(self, *words: str) -> bool:
        return self._now.kind == "bare" and self._now.text in words

    def _take(self) -> Token:
        token = self._now
        self._at += 1
        return token

    def _wrong(self, expected: str) -> NoReturn:
        token = self._now
        there = f"'{token.text[:40]}'" if token.kind != "end" else "its end"
        raise refused(token.span.line, f"{expected} was expected, not {there}")

    def _string(self, what: str) -> Text:
        if self._now.kind not in ("bare", "quoted"):
            self._wrong(what)
        token = self._take()
        return Text(token.text, token.span)

    def _deeper(self, step: int) -> None:
        self._depth += step
        if self._depth > DEEPEST:
            raise refused(self._now.span.line, "too many levels")

    # Commands

    def _commands(self) -> tuple[Command, ...]:
        found: list[Command] = []
        while not self._is("elif", "else", "endif"):
            if self._now.kind == "end":
                self._wrong("'endif'")
            found.append(self._command())
        return tuple(found)

    def _command(self) -> Command:
        return self._if() if self._is("if") else self._deed()

    def _if(self) -> If:
        first = self._take()
        self._deeper(1)
        branches = [self._branch()]
        while self._is("elif"):
            self._take()
            branches.append(self._branch())
        otherwise: tuple[Command, ...] = ()
        if self._is("else"):
            self._take()
            otherwise = self._commands()
        if not self._is("endif"):
            self._wrong("'endif'")
        end = self._take().span.end
        self._deeper(-1)
        return If(tuple(branches), otherwise, Span(first.span.line, first.span.start, end))

    def _branch(self) -> Branch:
        condition = self._or()
        if not self._is("then"):
            self._wrong("'and', 'or' or 'then'")
        self._take()
        return Branch(condition, self._commands())

    def _deed(self) -> Deed:
        begin = self._now.span
        seen: Seen = ""
        noerror = False
        while self._is("seen", "unseen", "noerror"):
            word = self._take()
            if word.text == "noerror":
                noerror = True
            elif seen:
                raise refused(word.span.line, "'seen' or 'unseen' stands twice")
            else:
                seen = cast(Seen, word.text)
        if not self._is(*_NAMES):
            self._wrong("a command")
        name = self._take().text
        words, options = self._operands(name)
        span = Span(begin.line, begin.start, self._tokens[self._at - 1].span.end)
        return Deed(cast(DeedName, name), span, words, options, seen, noerror)

    def _operands(self, name: str) -> tuple[tuple[Text, ...], tuple[tuple[str, Text | None], ...]]:
        if name in _ONE_WORD:
            words = [self._string(f"what to {name}")]
            mode = self._now.kind == "bare" and _MODE.fullmatch(self._now.text)
            if mode and name in ("save", "logfile"):
                words.append(self._string("a mode"))
            if name == "deliver" and self._is("errors_to"):
                self._take()
                return tuple(words), (("errors_to", self._string("an address")),)
            return tuple(words), ()
        if name in ("fail", "freeze"):
            return self._reason(), ()
        if name == "add":
            amount = self._string("a number")
            if not self._is("to"):
                self._wrong("'to'")
            self._take()
            return (amount, self._string("a variable")), ()
        if name == "headers":
            return self._headers()
        if name in ("mail", "vacation"):
            return (), self._letter()
        return (), ()

    def _reason(self) -> tuple[Text, ...]:
        if self._is("text"):
            self._take()
            return (self._string("a text"),)
        return (self._string("a text"),) if self._now.kind == "quoted" else ()

    def _headers(self) -> tuple[tuple[Text, ...], tuple[tuple[str, Text | None], ...]]:
        if not self._is("add", "remove", "charset"):
            self._wrong("'add', 'remove' or 'charset'")
        what = self._take().text
        value = self._string("a value")
        if what == "charset":
            self._charset = value.raw
            return (value,), ()
        return (), ((what, value),)

    def _letter(self) -> tuple[tuple[str, Text | None], ...]:
        found: list[tuple[str, Text | None]] = []
        while self._is("expand", "return", *_MAIL_WORDS):
            word = self._take().text
            if word == "expand":
                if not self._is("file"):
                    self._wrong("'file'")
            elif word == "return":
                if not self._is("message"):
                    self._wrong("'message'")
                self._take()
                found.append(("return", None))
            else:
                found.append((word, self._string(f"the value of '{word}'")))
        return tuple(found)

    # Conditions: `not` before `and` before `or`.

    def _or(self) -> Condition:
        return self._joined("or")

    def _joined(self, join: Literal["and", "or"]) -> Condition:
        below = self._one if join == "and" else lambda: self._joined("and")
        found = [below()]
        while self._is(join):
            self._take()
            found.append(below())
        return found[0] if len(found) == 1 else Many(join, tuple(found))

    def _one(self) -> Condition:
        turned = False
        while self._is("not"):
            self._take()
            turned = not turned
        condition = self._bracket() if self._now.kind == "(" else self._leaf()
        return Not(condition) if turned else condition

    def _bracket(self) -> Condition:
        self._take()
        self._deeper(1)
        condition = self._or()
        if self._now.kind != ")":
            self._wrong("')'")
        self._take()
        self._deeper(-1)
        return condition

    def _leaf(self) -> Condition:
        if self._is("then", "and", "or"):
            self._wrong("a condition")
        if self._is(*_FLAGS):
            return Flag(cast(FlagName, self._take().text))
        if self._is("personal"):
            self._take()
            aliases = []
            while self._is("alias"):
                self._take()
                aliases.append(self._string("an address"))
            return Personal(tuple(aliases))
        if self._is("foranyaddress"):
            self._take()
            addresses = self._string("a list of addresses")
            if self._now.kind != "(":
                self._wrong("'('")
            return ForAnyAddress(addresses, self._bracket())
        return self._compare(self._string("a condition"))

    def _compare(self, left: Text) -> Compare:
        negated = sensitive = False
        word = self._now.text if self._now.kind == "bare" else ""
        operator: Operator | None = None
        if word.lower() == "is":
            sensitive = self._take().text[0] == "I"
            operator = "is"
            negated = self._not()
            if self._is("above", "below"):
                operator = cast(Operator, self._take().text)
        else:
            if word.lower() in ("does", "do"):
                self._take()
                if not (negated := self._not()):
                    self._wrong("'not'")
            word = self._now.text if self._now.kind == "bare" else ""
            if word.islower() or word.isupper():
                sensitive, operator = word.isupper(), _OPERATORS.get(word.lower())
            if operator is None:
                self._wrong("a comparison")
            self._take()
        if self._is("then", "and", "or"):
            self._wrong("a value")
        return Compare(left, operator, self._string("a value"), negated, sensitive)

    def _not(self) -> bool:
        if self._now.kind == "bare" and self._now.text.lower() == "not":
            self._take()
            return True
        return False
