"""Rules of a mailbox, checked so that they always become a valid Sieve script."""

from __future__ import annotations

import datetime as dt
import re

import msgspec
from django.db import transaction

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Mailbox, RuleSet
from mailstead.control.hosting.services.common import checked_text, commit, facts
from mailstead.control.hosting.services.mailboxes import living_mailbox
from mailstead.control.people.actor import Actor
from mailstead.standards.address import destination_address
from mailstead.standards.refusal import Refusal, Term
from mailstead.wire.changes import Action, Condition, Rule

MAX_RULES = 200
MAX_SCRIPT = 2**20
"""Octets; Dovecot's sieve_max_script_size."""
_HEADER = re.compile(r"[!-9;-~]{1,76}")  # RFC 5322 §3.6.8: ftext
_FLAG = re.compile(r"\\?[A-Za-z0-9_$.-]{1,60}")


def parse_rules(data: object) -> tuple[Rule, ...]:
    """Rules from plain data (JSON, TOML); raises `Refusal` naming the field."""
    try:
        return msgspec.convert(data, tuple[Rule, ...])
    except msgspec.ValidationError as error:
        raise Refusal(
            "rule-invalid",
            "The rules cannot be read: {error}.",
            remedy="Correct that field.",
            error=error,
        ) from error


def _refuse(rule: Rule, words: str) -> Refusal:
    return Refusal(
        "rule-invalid",
        "The rule '{value}': {value2}",
        remedy="Correct the rule.",
        value=rule.name[:60],
        value2=Term(words),
    )


def _check_condition(rule: Rule, condition: Condition) -> None:
    checked_text(condition.value, "value of a condition", 500)
    sizes = condition.match in ("over", "under")
    if (condition.field == "size") != sizes:
        raise _refuse(rule, "'over' and 'under' go with a size, and nothing else does.")
    if sizes and not (condition.value.isdigit() and condition.value.isascii()):
        raise _refuse(rule, "a size is a number of bytes.")
    if condition.field == "header" and not _HEADER.fullmatch(condition.header):
        raise _refuse(rule, "the header's name is not one.")
    needs_value = condition.match != "exists" and condition.field != "spam"
    if needs_value and not condition.value:
        raise _refuse(rule, "a condition has no value.")
    if condition.match == "exists" and condition.field == "body":
        raise _refuse(rule, "a body always exists.")


def _check_action(rule: Rule, action: Action) -> Action:
    if action.do in ("redirect", "redirect_copy"):
        return msgspec.structs.replace(action, value=str(destination_address(action.value)))
    if action.do in ("file", "copy"):
        checked_text(action.value, "folder", 200)
        parts = action.value.split("/")
        if not all(parts) or any(part in (".", "..") or part[0] == "~" for part in parts):
            raise _refuse(rule, "the folder's name is not one.")
    if action.do == "flag" and not _FLAG.fullmatch(action.value):
        raise _refuse(rule, "the flag's name is not one.")
    if action.do == "reject":
        checked_text(action.value, "text of a refusal", 500, lines=True)
        if not action.value.strip():
            raise _refuse(rule, "a refusal needs a text.")
    return action


def checked_rules(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules, if each can become Sieve; raises `Refusal`."""
    if len(rules) > MAX_RULES:
        raise Refusal(
            "rules-many",
            "There are more than {max_rules} rules.",
            remedy="Join some of them.",
            max_rules=MAX_RULES,
        )
    checked = []
    for rule in rules:
        checked_text(rule.name, "rule's name", 100)
        if not rule.actions:
            raise _refuse(rule, "it does nothing.")
        for condition in rule.conditions:
            _check_condition(rule, condition)
        actions = tuple(_check_action(rule, action) for action in rule.actions)
        checked.append(msgspec.structs.replace(rule, actions=actions))
    return tuple(checked)


@transaction.atomic
def set_rules(
    *, actor: Actor, now: dt.datetime, mailbox: Mailbox, rules: tuple[Rule, ...]
) -> RuleSet:
    """All rules of a mailbox, in order; an empty tuple removes them.

    A script that came from elsewhere holds no longer.
    """
    return _set(actor, now, mailbox, msgspec.to_builtins(checked_rules(rules)), "")


@transaction.atomic
def set_script(*, actor: Actor, now: dt.datetime, mailbox: Mailbox, text: str) -> RuleSet:
    """A whole Sieve script (RFC 5228) in the place of the rules, until somebody sets those.

    For filters that came from elsewhere and that no rule can say. Raises `Refusal`.
    """
    script = text.replace("\r\n", "\n")
    if not script.strip() or len(script.encode()) > MAX_SCRIPT or "\x00" in script:
        raise Refusal(
            "script-invalid",
            "The script is empty or has more than 1 MiB.",
            remedy="Make it shorter.",
        )
    return _set(actor, now, mailbox, [], script)


def _set(
    actor: Actor, now: dt.datetime, mailbox: Mailbox, plain: list[object], script: str
) -> RuleSet:
    living_mailbox(mailbox)
    found = RuleSet.objects.filter(mailbox=mailbox).first()
    before = facts(found) if found else None
    rule_set = found or RuleSet(mailbox=mailbox)
    rule_set.rules, rule_set.script = plain, script
    rule_set.save()
    commit(
        actor=actor,
        now=now,
        verb="set",
        row=rule_set,
        label=mailbox.address,
        before=before,
        changes=[messages.rules_put(rule_set)],
        server=mailbox.domain.server,
    )
    return rule_set
