"""cPanel's own description of its rules (`filter.yaml`): made into the tree, compared with it."""

from __future__ import annotations

import re
from itertools import groupby

from mailstead.foreign.exim.commands import Frame, Writer
from mailstead.foreign.exim.conditions import Known, told
from mailstead.foreign.exim.lexer import unquoted
from mailstead.foreign.exim.reasons import cannot
from mailstead.foreign.exim.syntax import (
    Branch,
    Command,
    Compare,
    Condition,
    Deed,
    DeedName,
    Flag,
    ForAnyAddress,
    If,
    Many,
    Not,
    Operator,
    Span,
    Text,
)
from mailstead.foreign.inventory import PanelAction, PanelRule, PanelTest
from mailstead.standards.refusal import Refusal

_NOWHERE = Span(0, 0, 0)
_MATCHES: dict[str, tuple[Operator, bool]] = {
    "is": ("is", False),
    "is not": ("is", True),
    "contains": ("contains", False),
    "does not contain": ("contains", True),
    "begins": ("begins", False),
    "does not begin": ("begins", True),
    "ends": ("ends", False),
    "does not end": ("ends", True),
    "matches": ("matches", False),
    "does not match": ("matches", True),
    "is above": ("above", False),
    "is not above": ("above", True),
    "is below": ("below", False),
    "is not below": ("below", True),
}
_ACTIONS: dict[str, DeedName] = {
    "deliver": "deliver",
    "fail": "fail",
    "finish": "finish",
    "stop": "finish",
    "pipe": "pipe",
    "save": "save",
}
_FOR_ANY = re.compile(r'"?foranyaddress\s+([^"]+?)"?')


def joins_known(rule: PanelRule) -> bool:
    """Whether it is told how its conditions are joined."""
    return all(test.join for test in rule.tests[:-1])


def command(rule: PanelRule) -> Command:
    """The rule as Exim would have had it; raises `Refusal` for what is not known.

    Where joins are not told, all conditions must hold: that is within whatever was meant.
    """
    deeds = tuple(_deed(action) for action in rule.actions)
    conditions = [_condition(test) for test in rule.tests]
    if not conditions or not deeds:
        raise cannot("left", "nothing")
    condition = _joined(rule, conditions) if joins_known(rule) else _many("and", conditions)
    return If((Branch(condition, deeds),), (), _NOWHERE)


def _joined(rule: PanelRule, conditions: list[Condition]) -> Condition:
    """`and` binds more than `or`; the last one's join says nothing."""
    groups: list[list[Condition]] = [[]]
    for number, (test, condition) in enumerate(zip(rule.tests, conditions, strict=True)):
        groups[-1].append(condition)
        if test.join == "or" and number + 1 < len(conditions):
            groups.append([])
    return _many("or", [_many("and", group) for group in groups])


def _many(join: str, conditions: list[Condition]) -> Condition:
    if len(conditions) == 1:
        return conditions[0]
    return Many("and" if join == "and" else "or", tuple(conditions))


def _plain(value: str) -> Text:
    """A text that stands for itself, whatever Exim would make of it."""
    shown = value.replace("\\", "\\\\").replace("$", "\\$")
    return Text(shown, _NOWHERE)


def _condition(test: PanelTest) -> Condition:
    part = " ".join(test.part.split())
    if part in ("delivered", "not delivered"):
        flag = Flag("delivered")
        return Not(flag) if part.startswith("not") else flag
    if part == "error_message":
        return Flag("error_message")
    known = _MATCHES.get(" ".join(test.match.split()))
    if known is None:
        raise cannot("left", f"'{test.part}' by '{test.match}'")
    operator, negated = known
    addresses = _FOR_ANY.fullmatch(part)
    if addresses:
        inner = Compare(Text("$thisaddress", _NOWHERE), operator, _plain(test.value))
        each = ForAnyAddress(Text(addresses[1], _NOWHERE), inner)
        return Not(each) if negated else each
    return Compare(Text(part, _NOWHERE), operator, _plain(test.value), negated)


def _deed(action: PanelAction) -> Deed:
    name = _ACTIONS.get(action.action.strip().lower())
    if name is None:
        raise cannot("command", action.action)
    dest = action.dest.strip()
    if len(dest) > 1 and dest[0] == dest[-1] == '"':
        dest = unquoted(dest[1:-1])
    if name == "save" and dest != "/dev/null" and not dest.endswith("/"):
        dest += "/"
    if name == "fail":
        return Deed(name, _NOWHERE, (_plain(dest),) if dest else ())
    return Deed(name, _NOWHERE, () if name == "finish" else (Text(dest, _NOWHERE),))


def shown(rule: PanelRule) -> str:
    """The rule in words, for whom its compiled text is missing."""
    lines = [f"# {rule.name}", "if"]
    for test in rule.tests:
        lines.append(f'  {test.part} {test.match} "{test.value}" {test.join}'.rstrip())
    lines.append("then")
    lines += [f'  {action.action} "{action.dest}"' for action in rule.actions]
    return "\n".join([*lines, "endif"])


def same(rule: PanelRule, compiled: Command, known: Known) -> bool:
    """Whether the panel's description says what ran, as far as it says anything."""
    try:
        described = command(rule)
    except Refusal:
        return False
    loose = not joins_known(rule)
    return _signs(described, known, loose) == _signs(compiled, known, loose)


def _signs(one: Command, known: Known, loose: bool) -> object:
    """Two rules that do the same under the same conditions have the same; `loose`: however their
    conditions are joined."""
    if not isinstance(one, If) or len(one.branches) != 1 or one.otherwise:
        return one
    branch = one.branches[0]
    tests: object = list(_leaves(branch.condition, known))
    if not loose:
        tests = (tests, _form(branch.condition))
    return tests, [_done(deed, known) for deed in branch.commands]


def _leaves(condition: Condition, known: Known) -> list[str]:
    if isinstance(condition, Many):
        return [sign for one in condition.conditions for sign in _leaves(one, known)]
    try:
        return [told(condition, known).test]
    except Refusal as error:
        return [error.code]


def _form(condition: Condition) -> object:
    """How its parts are joined; brackets that change nothing make no difference."""
    if not isinstance(condition, Many):
        return 1
    forms: list[object] = []
    for one in condition.conditions:
        form = _form(one)
        inner = isinstance(one, Many) and one.join == condition.join and isinstance(form, tuple)
        forms += form[1:] if inner and isinstance(form, tuple) else [form]
    return condition.join, *forms


def _done(deed: Command, known: Known) -> object:
    frame = Frame(known, account=False, followed=False, tells=False, touches=False, late=False)
    try:
        return Writer(frame).write(deed)[0]
    except Refusal as error:
        return error.code


def names(rules: tuple[PanelRule, ...]) -> dict[str, list[PanelRule]]:
    """The rules that are on, by name, each in order."""
    found = sorted((rule for rule in rules if rule.enabled), key=lambda rule: rule.name)
    return {name: list(group) for name, group in groupby(found, key=lambda rule: rule.name)}
