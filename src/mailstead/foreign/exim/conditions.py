"""Conditions of an Exim filter as tests of Sieve.

A test is never true where the condition would be false: what can only be told too narrowly is
refused where it stands under a `not`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from mailstead.foreign.exim import leaves, spam
from mailstead.foreign.exim.made import FALSE, TRUE, Made, anyone, everyone, opposite
from mailstead.foreign.exim.model import Owner
from mailstead.foreign.exim.reasons import cannot
from mailstead.foreign.exim.strings import Header, Part, Variable, expand, fixed
from mailstead.foreign.exim.syntax import (
    Compare,
    Condition,
    Flag,
    ForAnyAddress,
    Many,
    Not,
    Personal,
)
from mailstead.standards import sieve
from mailstead.standards.refusal import Refusal

_FIELD_NAME = re.compile(r"[!-9;-~]{1,200}")
_BETWEEN = re.compile(r"[\s,]*")
_SENDERS = {
    "sender_address": ":all",
    "return_path": ":all",
    "sender_address_domain": ":domain",
    "sender_address_local_part": ":localpart",
}
_TEXTS = {"message_body": leaves.body, "message_headers": leaves.all_headers}
_ROBOTS = ["daemon*", "*-daemon", "root", "postmaster", "listserv*", "majordomo*", "*-request"]
_ROBOTS += ["owner-*", "*-owner", "no-reply", "noreply"]
DELIVERED = "${delivered}"


@dataclass(frozen=True)
class Known:
    """What a filter may ask about without looking at the message."""

    owner: Owner
    charset: str
    """Of the filter's own text."""

    @cached_property
    def variables(self) -> dict[str, str]:
        """Those of Exim that are always the same in a filter of this owner."""
        local, _, domain = self.owner.address.rpartition("@")
        found = {"local_part": local, "domain": domain}
        return {**found, "home": self.owner.home} if self.owner.home else found


def told(condition: Condition, known: Known, turned: bool = False) -> Made:
    """The condition in Sieve; `turned`: it stands under a `not`. Raises `Refusal`."""
    if isinstance(condition, Many):
        parts = [told(one, known, turned) for one in condition.conditions]
        return everyone(parts) if condition.join == "and" else anyone(parts)
    if isinstance(condition, Not):
        return opposite(told(condition.condition, known, not turned))
    if isinstance(condition, Compare):
        made = _compare(condition, known)
        turned ^= condition.negated
    elif isinstance(condition, ForAnyAddress):
        made = _for_any(condition, known)
    else:
        made = _flag(condition) if isinstance(condition, Flag) else _personal(condition, known)
    if turned and made.narrower:
        raise cannot("body-length" if "body-length" in made.notes else "broader")
    negated = isinstance(condition, Compare) and condition.negated
    return opposite(made) if negated else made


def at_most(condition: Condition, known: Known) -> str:
    """A test that is true wherever the condition is; `true` where nothing better is known."""
    return _bound(condition, known, upper=True)


def _bound(condition: Condition, known: Known, *, upper: bool) -> str:
    if isinstance(condition, Many):
        parts = [Made(_bound(one, known, upper=upper)) for one in condition.conditions]
        return (everyone(parts) if condition.join == "and" else anyone(parts)).test
    if isinstance(condition, Not):
        return opposite(Made(_bound(condition.condition, known, upper=not upper))).test
    unknown = "true" if upper else "false"
    if isinstance(condition, Flag) and condition.name == "delivered":
        return unknown
    try:
        made = told(condition, known)
    except Refusal:
        return unknown
    exact = not made.narrower and made.notes <= {"folded"}
    return made.test if exact else unknown


def _flag(flag: Flag) -> Made:
    if flag.name == "delivered":
        return Made(f'not string :is "{DELIVERED}" ""', frozenset({"variables"}))
    if flag.name == "error_message":
        return Made('envelope :is "from" ""', frozenset({"envelope"}))
    return replace(TRUE if flag.name == "first_delivery" else FALSE, notes=frozenset({"retry"}))


def _compare(node: Compare, known: Known) -> Made:
    value = fixed(node.right.raw, known.variables)
    parts = expand(node.left.raw, known.variables)
    made = _left(parts, node, value)
    if not value.isascii() and known.charset.lower() not in ("utf-8", "utf8"):
        made = replace(made, notes=made.notes | {"charset"})
    return made


def _left(parts: tuple[Part, ...], node: Compare, value: str) -> Made:
    operator, sensitive = node.operator, node.sensitive
    named = [part for part in parts if not isinstance(part, str)]
    if not named:
        return _settled("".join(map(str, parts)), node, value)
    # cPanel writes `$message_body:`, of which the colon is text like any other.
    tail = parts[1:] == (":",) and operator in ("contains", "begins") and ":" not in value
    if len(parts) == 1 or tail:
        one = named[0]
        if isinstance(one, Header):
            return _header(one.name, node, value)
        if one.name in _TEXTS:
            return _TEXTS[one.name](operator, value, sensitive)
        if one.name == "message_size":
            return leaves.size(operator, value)
        if one.name == "reply_address":
            return leaves.reply_address(operator, value, sensitive)
        if one.name in _SENDERS:
            return leaves.sender(_SENDERS[one.name], operator, value, sensitive)
        raise cannot("left", f"'${one.name}'")
    # `"$h_to:, $h_cc:" contains`: exact as long as the text does not lie across two of them.
    between = [part for part in parts if isinstance(part, str)]
    apart = len(parts) == 2 * len(named) - 1 and all(part not in value for part in between)
    if operator != "contains" or not value or not apart:
        raise cannot("left", "several parts at once")
    return anyone([_left((part,), node, value) for part in named])


def _settled(left: str, node: Compare, value: str) -> Made:
    """Both sides are known now: `$local_part` in an account's filter."""
    if node.operator in ("matches", "above", "below"):
        raise cannot("left", f"'{left}'")
    if not value and node.operator != "is":
        return leaves.empty(node.operator, node.sensitive)
    one, other = (left, value) if node.sensitive else (_lower(left), _lower(value))
    holds = {
        "contains": other in one,
        "is": one == other,
        "begins": one.startswith(other),
        "ends": one.endswith(other),
    }[node.operator]
    return TRUE if holds else FALSE


def _lower(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


def _header(name: str, node: Compare, value: str) -> Made:
    if not _FIELD_NAME.fullmatch(name):
        raise cannot("left", f"'{name}'")
    if spam.concerns(name):
        return spam.test(spam.asked(name, node.operator, value))
    return leaves.header(name, node.operator, value, node.sensitive)


def _for_any(node: ForAnyAddress, known: Known) -> Made:
    names = []
    for part in expand(node.addresses.raw, known.variables):
        if isinstance(part, Header) and _FIELD_NAME.fullmatch(part.name):
            names.append(part.name)
        elif not isinstance(part, str) or not _BETWEEN.fullmatch(part):
            raise cannot("foranyaddress")
    if not names:
        raise cannot("foranyaddress")
    return _each(node.condition, lambda one: _address(names, one, known))


def _each(condition: Condition, leaf: Callable[[Compare], Made]) -> Made:
    """One address that is this or that is the same as one that is this, or one that is that."""
    if isinstance(condition, Compare):
        return leaf(condition)
    if isinstance(condition, Many) and condition.join == "or":
        return anyone([_each(one, leaf) for one in condition.conditions])
    raise cannot("foranyaddress")


def _address(names: list[str], node: Compare, known: Known) -> Made:
    if expand(node.left.raw, known.variables) != (Variable("thisaddress"),) or node.negated:
        raise cannot("foranyaddress")
    value = fixed(node.right.raw, known.variables)
    return leaves.address(names, node.operator, value, node.sensitive)


def _personal(node: Personal, known: Known) -> Made:
    own = [known.owner.address] + [fixed(one.raw, known.variables) for one in node.aliases]
    tests = [
        f'address :is :all ["to", "cc"] {sieve.strings(own)}',
        f'not address :is :all "from" {sieve.strings(own)}',
        f'not address :matches :localpart "from" {sieve.strings(_ROBOTS)}',
        'not exists ["List-Id"]',
        *(f'not exists "{name}"' for name in ("List-Help", "List-Post", "List-Unsubscribe")),
        'not header :is "Precedence" ["bulk", "list", "junk"]',
        'anyof(not exists "Auto-Submitted", header :is "Auto-Submitted" "no")',
    ]
    return Made(sieve.all_of(tests), notes=frozenset({"personal"}), narrower=True)
