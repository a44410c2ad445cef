"""One comparison of an Exim filter as a test of Sieve, exact also for headers that are repeated.

Exim joins the fields of one name into one text before it compares; Sieve compares each of them.
So the first field is asked how the text begins, the last one how it ends (`index`, RFC 5260), and
a comparison with the whole holds only where there is no second one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from mailstead.foreign.exim import regex
from mailstead.foreign.exim.made import FALSE, NONE, TRUE, Made, anyone, everyone, opposite
from mailstead.foreign.exim.model import HouseRule
from mailstead.foreign.exim.reasons import cannot
from mailstead.foreign.exim.syntax import Operator
from mailstead.standards import sieve

VISIBLE = 500
"""Octets of a message's text that Exim compares with (`message_body_visible`, its default)."""
_OCTET = ':comparator "i;octet" '
_ONCE = {
    *("cc", "date", "from", "list-id", "message-id", "reply-to", "return-path", "sender"),
    *("subject", "to"),
}
"""A message has at most one of these (RFC 5322 §3.6, RFC 2919)."""
_COMMON = [
    *("From", "To", "Cc", "Bcc", "Subject", "Reply-To", "Sender", "Return-Path", "Message-ID"),
    *("In-Reply-To", "References", "Received", "Date", "Content-Type", "List-Id", "Precedence"),
    *("List-Unsubscribe", "X-Mailer", "User-Agent", "Organization", "Delivered-To"),
]
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?: (.*))?")
_NUMBER = re.compile(r"[0-9]{1,12}([kKmMgG]?)")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def number(text: str) -> int:
    """A whole number as Exim writes it; raises `Refusal` (`number`)."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise cannot("number", text)
    unit = found[1]
    return int(text.strip().removesuffix(unit) if unit else text) * _UNITS[unit.lower()]


def empty(operator: Operator, sensitive: bool) -> Made:
    """A comparison with no text: everything begins and ends with it; measured with Exim 4.96."""
    return FALSE if operator == "contains" and not sensitive else TRUE


def header(name: str, operator: Operator, value: str, sensitive: bool) -> Made:
    """A header of the message."""
    return _text(_Header(name, sensitive), operator, value)


class _Header:
    """The tests of one header."""

    def __init__(self, name: str, sensitive: bool) -> None:
        self._name, self.sensitive = name, sensitive
        self._comparator = _OCTET if sensitive else ""

    def _test(self, how: str, value: str, place: str = "") -> str:
        name = sieve.string(self._name)
        return f"header {place}{how} {self._comparator}{name} {sieve.string(value)}"

    def _no_second(self) -> str:
        return f'not header :index 2 :contains {sieve.string(self._name)} ""'

    def _made(
        self, test: str, *more: str, house: HouseRule | None = None, notes: frozenset[str] = NONE
    ) -> Made:
        needs = {"index"} if ":index" in test else set()
        needs |= {"regex"} if " :regex " in test else set()
        return Made(
            sieve.all_of([test, *more]),
            frozenset(needs),
            notes,
            house=None if house is None else (house,),
        )

    def _house(self, match: str, value: str) -> HouseRule | None:
        if self.sensitive or not value or (match != "contains" and self._name not in _ONCE):
            return None
        plain = self._name == "subject" or (self._name in ("from", "to", "cc") and match != "is")
        field = self._name if plain else "header"
        shown = "" if plain else "-".join(part.capitalize() for part in self._name.split("-"))
        return {"field": field, "match": match, "value": value, "header": shown, "negate": False}

    def contains(self, value: str) -> Made:
        return self._made(self._test(":contains", value), house=self._house("contains", value))

    def equals(self, value: str) -> Made:
        whole = self._made(
            self._test(":is", value, ":index 1 "),
            self._no_second(),
            house=self._house("is", value),
        )
        return whole if value else anyone([self.absent(), whole])

    def absent(self) -> Made:
        return Made(f"not exists {sieve.string(self._name)}")

    def begins(self, value: str) -> Made:
        pattern = sieve.literal_pattern(value) + "*"
        test = self._test(":matches", pattern, ":index 1 ")
        return self._made(test, house=self._house("begins", value))

    def ends(self, value: str) -> Made:
        pattern = "*" + sieve.literal_pattern(value)
        test = self._test(":matches", pattern, ":index 1 :last ")
        return self._made(test, house=self._house("ends", value))

    def expression(self, one: regex.Expression) -> Made:
        if one.inner:
            test = self._test(":regex", one.text, ":index 1 ")
            found = self._made(test, self._no_second(), notes=frozenset({"repeated"}))
            found = replace(found, narrower=True)
        elif one.start and one.end:
            test = self._test(":regex", one.text, ":index 1 ")
            found = self._made(test, self._no_second())
        else:
            place = ":index 1 " if one.start else ":index 1 :last " if one.end else ""
            found = self._made(self._test(":regex", one.text, place))
        return anyone([self.absent(), found]) if one.empty else found

    def numeric(self, sign: str, than: int) -> Made:
        name = sieve.string(self._name)
        digits = self._test(":regex", "^[0-9]+$", ":index 1 ")
        compared = f'header :index 1 :value "{sign}" :comparator "i;ascii-numeric" {name} "{than}"'
        test = sieve.all_of([digits, compared])
        if sign == "lt":
            negative = self._test(":regex", "^-0*[1-9][0-9]*$", ":index 1 ")
            test = sieve.any_of([test, negative])
        needs = {"index", "regex", "relational", "comparator-i;ascii-numeric"}
        return Made(
            sieve.all_of([test, self._no_second()]),
            frozenset(needs),
            frozenset({"number-only"}),
            narrower=True,
        )


class _Part:
    """The tests of what has one value each: the envelope's sender, an address of a header."""

    def __init__(
        self, make: Callable[[str, str], str], needs: frozenset[str], sensitive: bool
    ) -> None:
        self._make, self._needs, self.sensitive = make, needs, sensitive

    def contains(self, value: str) -> Made:
        return Made(self._make(":contains", sieve.string(value)), self._needs)

    def equals(self, value: str) -> Made:
        return Made(self._make(":is", sieve.string(value)), self._needs)

    def begins(self, value: str) -> Made:
        pattern = sieve.string(sieve.literal_pattern(value) + "*")
        return Made(self._make(":matches", pattern), self._needs)

    def ends(self, value: str) -> Made:
        pattern = sieve.string("*" + sieve.literal_pattern(value))
        return Made(self._make(":matches", pattern), self._needs)

    def expression(self, one: regex.Expression) -> Made:
        return Made(self._make(":regex", sieve.string(one.text)), self._needs | {"regex"})

    def numeric(self, sign: str, than: int) -> Made:
        raise cannot("left", "an address with a number")


def _text(what: _Header | _Part, operator: Operator, value: str) -> Made:
    if operator == "above":
        return what.numeric("gt", number(value))
    if operator == "below":
        return what.numeric("lt", number(value))
    if operator == "matches":
        return anyone([_alternative(what, one) for one in regex.alternatives(value)])
    found = _plain(what, operator, value)
    if found.test in ("true", "false"):
        return found
    if "\n" in value:
        return replace(found, notes=found.notes | {"folded"}, narrower=True, house=None)
    blank = isinstance(what, _Header) and (" " in value or "\t" in value)
    return replace(found, notes=found.notes | {"folded"}) if blank else found


def _plain(what: _Header | _Part, operator: Operator, value: str) -> Made:
    if operator == "is":
        return what.equals(value)
    if not value:
        return empty(operator, what.sensitive)
    return {"contains": what.contains, "begins": what.begins, "ends": what.ends}[operator](value)


def _alternative(what: _Header | _Part, one: regex.Expression) -> Made:
    if one.literal is not None and not one.inner:
        operator: Operator = "contains"
        if one.start or one.end:
            operator = "is" if one.start and one.end else "begins" if one.start else "ends"
        elif not one.literal:
            return TRUE
        return _text(what, operator, one.literal)
    found = what.expression(one)
    blank = isinstance(what, _Header) and one.blank
    return replace(found, notes=found.notes | {"folded"}) if blank else found


def reply_address(operator: Operator, value: str, sensitive: bool) -> Made:
    """Whom an answer would go to: Reply-To, or else From.

    Exim compares with what stands there, not with the decoded name; so only the address is looked
    at where that is within what was meant.
    """
    if operator not in ("contains", "is", "ends") or (operator == "contains" and not value):
        raise cannot("left", f"'$reply_address' by '{operator}'")
    there = Made('exists "reply-to"')
    one, other = (_replies(name, operator, value, sensitive) for name in ("reply-to", "from"))
    if one.test == other.test:
        return one
    found = anyone([everyone([there, one]), everyone([opposite(there), other])])
    return replace(found, notes=found.notes | {"reply-address"}, narrower=True, house=None)


def _replies(name: str, operator: Operator, value: str, sensitive: bool) -> Made:
    if operator == "contains":
        return address([name], operator, value, sensitive)
    return header(name, operator, value, sensitive)


def sender(part: str, operator: Operator, value: str, sensitive: bool) -> Made:
    """The envelope's sender or a part of it (`:all`, `:localpart`, `:domain`)."""
    comparator = _OCTET if sensitive else ""
    return _text(
        _Part(
            lambda how, text: f'envelope {part} {how} {comparator}"from" {text}',
            frozenset({"envelope"}),
            sensitive,
        ),
        operator,
        value,
    )


def address(names: list[str], operator: Operator, value: str, sensitive: bool) -> Made:
    """Any address of these headers."""
    if not value or operator in ("above", "below"):
        raise cannot("foranyaddress")
    comparator = _OCTET if sensitive else ""
    listed = sieve.string(names[0]) if len(names) == 1 else sieve.strings(names)
    part = _Part(
        lambda how, text: f"address :all {how} {comparator}{listed} {text}", NONE, sensitive
    )
    if operator == "matches" and any(one.empty for one in regex.alternatives(value)):
        raise cannot("foranyaddress")
    found = _text(part, operator, value)
    if operator == "is" and not sensitive and set(names) == {"to", "cc", "bcc"}:
        house = {"field": "recipient", "match": "is", "value": value, "header": "", "negate": False}
        return replace(found, house=(house,))
    return found


def body(operator: Operator, value: str, sensitive: bool) -> Made:
    """The beginning of the message's text, in which Exim takes ends of lines for spaces."""
    if operator == "matches":
        return anyone([_body_part(one, sensitive) for one in regex.alternatives(value)])
    if operator not in ("contains", "begins"):
        raise cannot("left", "the end of the message's text")
    if not value:
        return empty(operator, sensitive)
    # In a string of Sieve an end of a line stands for two octets, in brackets for one of them.
    text = regex.quoted(value).replace(" ", "( |\n|[\n])")
    return _body(text, len(value.encode()), operator == "begins", sensitive)


def _body_part(one: regex.Expression, sensitive: bool) -> Made:
    if one.literal and not one.end and not one.inner:
        return body("begins" if one.start else "contains", one.literal, sensitive)
    if one.inner or one.end or one.empty or one.longest is None:
        raise cannot("left", "the message's text with such an expression")
    return _body(one.text.removeprefix("^"), one.longest, one.start, sensitive)


def _body(text: str, longest: int, start: bool, sensitive: bool) -> Made:
    if longest > VISIBLE:
        return FALSE
    before = "^" if start else f"^.{{0,{VISIBLE - longest}}}"
    comparator = _OCTET if sensitive else ""
    return Made(
        f"body :raw :regex {comparator}{sieve.string(f'{before}({text})')}",
        frozenset({"body", "regex"}),
        frozenset({"body-length"}),
        narrower=True,
    )


def all_headers(operator: Operator, value: str, sensitive: bool) -> Made:
    """The header as one text."""
    if operator != "contains" or not value:
        raise cannot("left", "the whole header")
    comparator = _OCTET if sensitive else ""
    field = _FIELD.fullmatch(value)
    if field and not field[2]:
        test = f"exists {sieve.string(field[1])}"
    elif field and field[2]:
        pattern = sieve.literal_pattern(field[2]) + "*"
        test = f"header :matches {comparator}{sieve.string(field[1])} {sieve.string(pattern)}"
    else:
        test = f"header :contains {comparator}{sieve.strings(_COMMON)} {sieve.string(value)}"
    return Made(test, notes=frozenset({"header-list"}), narrower=True)


def size(operator: Operator, value: str) -> Made:
    """The message's size."""
    if operator not in ("above", "below"):
        raise cannot("left", "the message's size")
    how = "over" if operator == "above" else "under"
    return Made(f"size :{how} {number(value)}", notes=frozenset({"size-count"}))
