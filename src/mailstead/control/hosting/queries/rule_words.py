"""Rules in words: what each condition and each action says to who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting.models import Mailbox, RuleSet
from mailstead.standards.sizes import human
from mailstead.wire.changes import Action, Condition, Rule

Words = str | Promise

FIELDS: dict[str, Words] = {
    "from": _("Sender"),
    "to": _("To"),
    "cc": pgettext_lazy("header", "Copy to"),
    "recipient": _("Any recipient"),
    "subject": _("Subject"),
    "body": _("Text of the message"),
    "size": _("Size"),
    "spam": _("Marked as spam"),
    "header": _("Another header"),
}

MATCHES: dict[str, tuple[Words, Words]] = {
    "contains": (_("contains"), _("does not contain")),
    "is": (_("is"), _("is not")),
    "begins": (_("begins with"), _("does not begin with")),
    "ends": (_("ends with"), _("does not end with")),
    "matches": (_("matches the pattern (* and ?)"), _("does not match the pattern (* and ?)")),
    "exists": (_("is there"), _("is missing")),
    "over": (_("is larger than"), _("is not larger than")),
    "under": (_("is smaller than"), _("is not smaller than")),
}
"""Each match as it is said, and as it is said when it is negated."""

_SENTENCES: dict[str, tuple[Words, Words]] = {
    "contains": (_("{field} contains “{value}”"), _("{field} does not contain “{value}”")),
    "is": (_("{field} is “{value}”"), _("{field} is not “{value}”")),
    "begins": (_("{field} begins with “{value}”"), _("{field} does not begin with “{value}”")),
    "ends": (_("{field} ends with “{value}”"), _("{field} does not end with “{value}”")),
    "matches": (
        _("{field} matches the pattern “{value}”"),
        _("{field} does not match the pattern “{value}”"),
    ),
    "exists": (_("{field} is there"), _("{field} is missing")),
    "over": (_("{field} is larger than {value}"), _("{field} is not larger than {value}")),
    "under": (_("{field} is smaller than {value}"), _("{field} is not smaller than {value}")),
}

ACTIONS: dict[str, Words] = {
    "file": _("Move to a folder"),
    "copy": _("Put a copy into a folder"),
    "redirect": _("Forward, and keep nothing here"),
    "redirect_copy": _("Forward, and keep it here too"),
    "flag": _("Mark"),
    "keep": _("Keep in the inbox"),
    "reject": _("Refuse, with a text for the sender"),
    "discard": _("Delete without a word"),
}

FLAGS: dict[str, Words] = {
    "\\Flagged": _("Important (a star)"),
    "\\Seen": _("Read"),
    "\\Answered": _("Answered"),
}

_DEEDS: dict[str, Words] = {
    "file": _("Move to the folder {value}"),
    "copy": _("Put a copy into the folder {value}"),
    "redirect": _("Forward to {value} and keep nothing here"),
    "redirect_copy": _("Forward to {value} and keep it here too"),
    "flag": _("Mark as: {value}"),
    "keep": _("Keep in the inbox"),
    "reject": _("Refuse with the text “{value}”"),
    "discard": _("Delete without a word"),
}


def condition_words(condition: Condition) -> str:
    """What must hold."""
    if condition.field == "spam":
        return gettext("Not marked as spam") if condition.negate else gettext("Marked as spam")
    field = condition.header if condition.field == "header" else FIELDS[condition.field]
    value = condition.value
    if condition.field == "size" and value.isdigit():
        value = human(int(value))
    template = _SENTENCES[condition.match][condition.negate]
    return str(template).format(field=field, value=value)


def flag_words(flag: str) -> str:
    """A flag (RFC 9051 §2.3.2) as people call it."""
    return str(FLAGS.get("\\" + flag.lstrip("\\").title(), flag))


def action_words(action: Action) -> str:
    """What is done."""
    value = flag_words(action.value) if action.do == "flag" else action.value
    return str(_DEEDS[action.do]).format(value=value)


@dataclass(frozen=True)
class Told:
    """A rule with its place in the order and its words."""

    index: int
    rule: Rule
    conditions: list[str]
    actions: list[str]


def told(rules: tuple[Rule, ...]) -> list[Told]:
    """All rules in words, in their order."""
    return [
        Told(
            index=index,
            rule=rule,
            conditions=[condition_words(row) for row in rule.conditions],
            actions=[action_words(row) for row in rule.actions],
        )
        for index, rule in enumerate(rules)
    ]


def rules_of(mailbox: Mailbox) -> tuple[Rule, ...]:
    """The rules of a mailbox that was fetched through the actor."""
    found = RuleSet.objects.filter(mailbox=mailbox).first()
    return msgspec.convert(found.rules, tuple[Rule, ...]) if found else ()


def script_of(mailbox: Mailbox) -> str:
    """The Sieve script that came from elsewhere and holds instead of rules; empty: none."""
    found = RuleSet.objects.filter(mailbox=mailbox).values_list("script", flat=True).first()
    return found or ""


@dataclass(frozen=True)
class Start:
    """A common rule to begin with."""

    name: str
    title: Words
    words: Words
    icon: str
    rule: dict[str, Any]

    def rule_named(self) -> Rule:
        """The rule with its name in the reader's language."""
        return msgspec.convert({**self.rule, "name": str(self.title)}, Rule)


def _start(
    name: str,
    title: Words,
    words: Words,
    icon: str,
    conditions: list[dict[str, str]],
    actions: list[dict[str, str]],
    stop: bool = True,
) -> Start:
    plain = {
        "enabled": True,
        "any_of": False,
        "conditions": conditions,
        "actions": actions,
        "stop": stop,
    }
    return Start(name, title, words, icon, plain)


STARTS = (
    _start(
        "newsletters",
        _("File newsletters"),
        _("Mail with a way to unsubscribe goes to a folder of its own."),
        "list",
        [{"field": "header", "header": "List-Unsubscribe", "match": "exists"}],
        [{"do": "file", "value": "Newsletters"}],
    ),
    _start(
        "forward",
        _("Forward everything"),
        _("All mail goes to another address; a copy stays here."),
        "forward",
        [],
        [{"do": "redirect_copy"}],
        stop=False,
    ),
    _start(
        "important",
        _("Mark somebody's mail as important"),
        _("Mail of one sender gets a star."),
        "check",
        [{"field": "from", "match": "is"}],
        [{"do": "flag", "value": "\\Flagged"}],
        stop=False,
    ),
    _start(
        "project",
        _("File by the subject"),
        _("Mail with a word in its subject goes to a folder."),
        "filter",
        [{"field": "subject", "match": "contains"}],
        [{"do": "file"}],
    ),
    _start(
        "block",
        _("Refuse a sender"),
        _("The sender gets the mail back with your text."),
        "cross",
        [{"field": "from", "match": "is"}],
        [{"do": "reject"}],
    ),
)


def start_named(name: str) -> Rule | None:
    """The common rule of that name."""
    for start in STARTS:
        if start.name == name:
            return start.rule_named()
    return None
