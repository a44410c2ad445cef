"""A filter as its rules, in order, before any of them is told in Sieve.

What is no filter but a state of the mailbox or a wish about spam is recognised here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mailstead.foreign.exim import panel, spam
from mailstead.foreign.exim.conditions import Known
from mailstead.foreign.exim.model import Note, Owner
from mailstead.foreign.exim.parser import parse
from mailstead.foreign.exim.reasons import cannot
from mailstead.foreign.exim.strings import Header, expand, fixed
from mailstead.foreign.exim.syntax import (
    Command,
    Compare,
    Condition,
    Deed,
    Filter,
    Flag,
    ForAnyAddress,
    If,
    Many,
    Not,
    Statement,
)
from mailstead.foreign.inventory import EximFilter, PanelRule, SpamWishes
from mailstead.standards.refusal import Refusal

SUSPENDED = "SUSPEND RECEPTION OF NEW MESSAGES"
"""With these words cPanel marks the filter of a mailbox that takes no new mail."""
_EVERYTHING = {"@", ".", ""}
_ANY = {".*", ".", ".+", "^.*", ".*@.*", "@", "^.*$"}

Level = Literal["account", "mailbox"]


@dataclass
class Rule:
    """One rule as it was found."""

    level: Level
    name: str
    place: str
    text: str
    command: Command | None
    """None: `failure` says why."""
    known: Known
    failure: Refusal | None = None
    enabled: bool = True
    codes: set[str] = field(default_factory=set)
    """In what it differs before anything is told."""
    spam: spam.Asked | None = None
    """It is a wish about spam, of which that asks."""
    state: bool = False
    """It suspends the mailbox."""


@dataclass
class Rules:
    """All of one filter."""

    rules: list[Rule]
    notes: list[Note]
    suspended: bool = False
    wishes: SpamWishes | None = None


def rules_of(found: EximFilter | None, level: Level, owner: Owner) -> Rules:
    """The rules of a filter, with what its panel says of them."""
    if found is None:
        return Rules([], [])
    whole = Rules([], [], suspended=level == "mailbox" and SUSPENDED in found.text)
    known = Known(owner, "utf-8")
    if found.text.strip():
        try:
            tree = parse(found.text)
        except Refusal as error:
            whole.notes.append(Note(code="syntax", words=error.words, place=found.place))
            if not found.rules:
                failure = cannot("syntax", error.words)
                whole.rules = [_whole(found, level, known, failure)]
                return whole
        else:
            known = Known(owner, tree.charset)
            whole.rules = _compiled(tree, found, level, known)
    if found.rules:
        _with_panel(whole, found, level, known)
    for rule in whole.rules:
        _recognise(rule, whole)
    return whole


def _whole(found: EximFilter, level: Level, known: Known, failure: Refusal) -> Rule:
    return Rule(level, "the whole filter", found.place, found.text[:4000], None, known, failure)


def _compiled(tree: Filter, found: EximFilter, level: Level, known: Known) -> list[Rule]:
    rules: list[Rule] = []
    for number, statement in enumerate(tree.statements):
        comments = [words for words in statement.comments if words]
        if number == 0:
            comments = [words for words in comments if not words.lower().startswith("exim filter")]
        if _is_guard(statement):
            continue
        span = statement.span
        rules.append(
            Rule(
                level,
                comments[-1][:200] if comments else f"Rule {len(rules) + 1}",
                f"{found.place}:{span.line}",
                found.text[span.start : span.end],
                statement.command,
                known,
            )
        )
    return rules


def _is_guard(statement: Statement) -> bool:
    """What cPanel begins each filter with; a message is seen once here, so it never holds."""
    command = statement.command
    if not isinstance(command, If) or len(command.branches) != 1 or command.otherwise:
        return False
    branch = command.branches[0]
    first = Many("and", (Not(Flag("first_delivery")), Flag("error_message")))
    deed = branch.commands[0] if len(branch.commands) == 1 else None
    return branch.condition == first and isinstance(deed, Deed) and deed.name == "finish"


def _with_panel(whole: Rules, found: EximFilter, level: Level, known: Known) -> None:
    """Give rules their names, put those that are off between them, tell what does not fit."""
    ran = bool(whole.rules) or (bool(found.text.strip()) and not whole.notes)
    left = list(whole.rules)
    waiting = panel.names(found.rules)
    placed: list[Rule] = []
    order = []
    for described in found.rules:
        match = next((rule for rule in left if rule.name == described.name), None)
        if described.enabled and match is not None:
            left.remove(match)
            order.append(match)
            _compare(match, described, whole, found)
            placed.append(match)
        else:
            placed.append(_described(described, found, level, known, ran))
    for rule in left:
        if rule.name not in waiting and SUSPENDED not in rule.text and not _spam_rule(rule):
            words = f"The rule '{rule.name}' ran, but the panel does not show it."
            whole.notes.append(Note(code="rule-not-shown", words=words, place=rule.place))
    if order != [rule for rule in whole.rules if rule in order]:
        words = "The panel shows the rules in another order than they ran; as they ran is kept."
        whole.notes.append(Note(code="rules-order", words=words, place=found.place))
    whole.rules = _merged(whole.rules, placed)


def _merged(ran: list[Rule], placed: list[Rule]) -> list[Rule]:
    """As they ran; each other one behind the rule that it stood behind."""
    before: list[Rule] = []
    behind: dict[int, list[Rule]] = {}
    last: Rule | None = None
    known = {id(rule) for rule in ran}
    for rule in placed:
        if id(rule) in known:
            last = rule
        elif last is None:
            before.append(rule)
        else:
            behind.setdefault(id(last), []).append(rule)
    merged = before
    for rule in ran:
        merged += [rule, *behind.get(id(rule), [])]
    return merged


def _compare(rule: Rule, described: PanelRule, whole: Rules, found: EximFilter) -> None:
    if rule.command is not None and not panel.same(described, rule.command, rule.known):
        words = f"What the panel shows of the rule '{rule.name}' is not what ran; what ran is kept."
        whole.notes.append(Note(code="rule-differs", words=words, place=rule.place))


def _described(
    described: PanelRule, found: EximFilter, level: Level, known: Known, ran: bool
) -> Rule:
    """A rule of which the panel's description is all there is."""
    rule = Rule(
        level,
        described.name[:200] or "Rule",
        found.place,
        panel.shown(described),
        None,
        Known(known.owner, "utf-8"),
        enabled=described.enabled,
    )
    if described.enabled and ran:
        rule.failure = cannot("not-compiled")
        return rule
    try:
        rule.command = panel.command(described)
    except Refusal as error:
        rule.failure = error
    if described.enabled and found.text.strip():
        rule.codes.add("compiled-missing")
    if not panel.joins_known(described):
        rule.codes.add("join-unknown")
    return rule


def _recognise(rule: Rule, whole: Rules) -> None:
    if rule.level == "mailbox" and SUSPENDED in rule.text:
        rule.state = True
    elif wish := _spam_rule(rule):
        rule.spam, wishes = wish
        if rule.enabled:
            whole.wishes = _together(whole.wishes, wishes)
    elif rule.command is not None and rule.enabled and is_theft(rule):
        rule.enabled = False
        rule.codes.add("mail-theft")


def _spam_rule(rule: Rule) -> tuple[spam.Asked, SpamWishes] | None:
    """A rule that does nothing but throw away or set aside spam."""
    command = rule.command
    if not isinstance(command, If) or len(command.branches) != 1 or command.otherwise:
        return None
    branch = command.branches[0]
    condition = branch.condition
    if not isinstance(condition, Compare) or condition.negated:
        return None
    try:
        left = expand(condition.left.raw, {})
        if len(left) != 1 or not isinstance(left[0], Header) or not spam.concerns(left[0].name):
            return None
        value = fixed(condition.right.raw, {})
        question = spam.asked(left[0].name, condition.operator, value)
    except Refusal:
        return None
    place = _set_aside(branch.commands, rule)
    if question.opposite or place is None:
        return None
    bound = None if question.points is None else float(question.points)
    if place == "dropped":
        bound = 5.0 if bound is None else bound
        return question, SpamWishes(enabled=True, delete_above=bound, place=rule.place)
    return question, SpamWishes(enabled=True, to_folder=True, score=bound, place=rule.place)


def _together(first: SpamWishes | None, other: SpamWishes) -> SpamWishes:
    """Both wishes: what one files, the other may throw away from more points on."""
    if first is None:
        return other
    bounds = [one for one in (first.delete_above, other.delete_above) if one is not None]
    return SpamWishes(
        enabled=True,
        to_folder=first.to_folder or other.to_folder,
        score=other.score if first.score is None else first.score,
        delete_above=min(bounds, default=None),
        place=first.place,
    )


def _set_aside(commands: tuple[Command, ...], rule: Rule) -> Literal["dropped", "filed"] | None:
    found: Literal["dropped", "filed"] | None = None
    for command in commands:
        if not isinstance(command, Deed) or command.seen == "unseen":
            return None
        if command.name == "finish":
            found = found or ("dropped" if command.seen == "seen" else None)
        elif command.name == "save" and found is None:
            path = command.words[0].raw.rstrip("/").removesuffix("/new").lower()
            name = path.rpartition("/")[2]
            if path == "/dev/null":
                found = "dropped"
            elif name in (".spam", ".junk", ".inbox.spam", ".inbox.junk") or "inbox_spam" in name:
                found = "filed"
            else:
                return None
        else:
            return None
    return found


def is_theft(rule: Rule) -> bool:
    """Whether it sends to a stranger whatever has an `@` in it: what intruders leave behind."""
    command = rule.command
    return isinstance(command, If) and any(
        _takes_all(branch.condition, rule.known)
        and any(_to_stranger(one, rule.known) for one in branch.commands)
        for branch in command.branches
    )


def _takes_all(condition: Condition, known: Known) -> bool:
    if isinstance(condition, Many):
        some = [_takes_all(one, known) for one in condition.conditions]
        return all(some) if condition.join == "and" else any(some)
    if isinstance(condition, ForAnyAddress):
        return _takes_all(condition.condition, known)
    if not isinstance(condition, Compare) or condition.negated:
        return False
    try:
        value = fixed(condition.right.raw, known.variables).strip()
    except Refusal:
        return False
    if condition.operator == "matches":
        return value in _ANY
    return condition.operator in ("contains", "begins", "ends") and value in _EVERYTHING


def _to_stranger(command: Command, known: Known) -> bool:
    if isinstance(command, If):
        inside = [one for branch in command.branches for one in branch.commands]
        return any(_to_stranger(one, known) for one in (*inside, *command.otherwise))
    if command.name != "deliver":
        return False
    try:
        address = fixed(command.words[0].raw, known.variables).lower()
    except Refusal:
        return True
    domain = address.rpartition("@")[2].strip('"')
    own = known.owner.domains | {known.owner.address.rpartition("@")[2]}
    return "@" in address and domain not in own
