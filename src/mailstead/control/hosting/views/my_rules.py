"""Rules of a mailbox: what happens to mail as it arrives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import services
from mailstead.control.hosting.forms.rules import RuleEditor, edition_form
from mailstead.control.hosting.queries.rule_words import (
    STARTS,
    rules_of,
    script_of,
    start_named,
    told,
)
from mailstead.control.hosting.views.confirming import Question, confirmed
from mailstead.control.hosting.views.place import Place, mailbox_in, show, to
from mailstead.control.people.pages import page
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import Rule
from mailstead.wire.sieve_rules import rules_script

Rules = tuple[Rule, ...]
_EMPTY = Rule(name="", enabled=True, any_of=False, conditions=(), actions=())


def edition(rules: Rules) -> str:
    """A short name of exactly these rules: who changes them says which they have seen."""
    return hashlib.sha256(msgspec.json.encode(rules)).hexdigest()[:16]


def _seen(request: HttpRequest, place: Place) -> Rules:
    """The rules, unless they are no longer those that the reader has before them."""
    rules = rules_of(place.mailbox)
    if request.POST.get("edition", "") != edition(rules):
        raise Refusal(
            "rules-changed",
            "The rules were changed in the meantime.",
            remedy="Look at them again.",
        )
    return rules


def _at(rules: Rules, index: int) -> Rule:
    if index >= len(rules):
        raise Refusal("rule-unknown", "There is no such rule.")
    return rules[index]


def _set(place: Place, rules: Rules) -> None:
    services.set_rules(actor=place.actor, now=timezone.now(), mailbox=place.mailbox, rules=rules)


@page("rules.view", post="rules.set")
def rules(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """All rules in their order, in words; moved, switched on and off."""
    place = mailbox_in(request, number, "rules")
    if request.method == "POST":
        try:
            _set(place, _changed(_seen(request, place), request.POST.get("act", "")))
        except Refusal as refusal:
            messages.error(request, refusal.say(gettext))
        return to(place, "rules")
    found = rules_of(place.mailbox)
    context = {
        "rows": told(found),
        "imported": script_of(place.mailbox),
        "edition": edition(found),
        "starts": STARTS,
        "script": rules_script(found),
        "last": len(found) - 1,
    }
    return show(request, "rules", place, context)


def _changed(found: Rules, act: str) -> Rules:
    """The rules after `up-2`, `down-2`, `on-2` or `off-2`."""
    verb, _, text = act.partition("-")
    index = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else len(found)
    rule = _at(found, index)
    rows = list(found)
    if verb in ("on", "off"):
        rows[index] = msgspec.structs.replace(rule, enabled=verb == "on")
    other = {"up": index - 1, "down": index + 1}.get(verb, index)
    if 0 <= other < len(rows):
        rows[index], rows[other] = rows[other], rows[index]
    return tuple(rows)


@page("rules.set")
def add(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """A new rule, from nothing or from a common one; it comes last."""
    place = mailbox_in(request, number, "rules")
    start = start_named(request.GET.get("start", "")) or _EMPTY

    def append(found: Rules, rule: Rule) -> Rules:
        return (*found, rule)

    return _editing(request, place, start, append, gettext("Add a rule"))


@page("rules.set")
def edit(request: HttpRequest, index: int, number: int | None = None) -> HttpResponse:
    """Another form of a rule, at its place."""
    place = mailbox_in(request, number, "rules")
    rule = _at(rules_of(place.mailbox), index)

    def replace(found: Rules, changed: Rule) -> Rules:
        _at(found, index)
        return (*found[:index], changed, *found[index + 1 :])

    return _editing(request, place, rule, replace, gettext("Change the rule"))


def _editing(
    request: HttpRequest,
    place: Place,
    rule: Rule,
    merged: Callable[[Rules, Rule], Rules],
    title: str,
) -> HttpResponse:
    """The form of one rule; pressed at one of its rows it only comes back with other rows."""
    shown = edition(rules_of(place.mailbox))
    editor = RuleEditor.of(rule)
    change = request.POST.get("change", "")
    if request.method == "POST":
        shown = request.POST.get("edition", "")[:16]
        editor = RuleEditor.sent(request.POST)
        if change:
            editor = editor.rearranged(change)
        elif _saved(request, place, editor, merged):
            messages.success(request, gettext("The rule is saved."))
            return to(place, "rules")
    elif not rule.actions:
        editor = editor.rearranged("add-condition").rearranged("add-action")
    context = {"editor": editor, "title": title, "edition": shown}
    return show(request, "rule", place, context)


def _saved(
    request: HttpRequest,
    place: Place,
    editor: RuleEditor,
    merged: Callable[[Rules, Rule], Rules],
) -> bool:
    if not editor.is_valid():
        return False
    try:
        _set(place, merged(_seen(request, place), editor.rule()))
    except Refusal as refusal:
        editor.refuse(refusal)
        return False
    return True


@page("rules.set")
def remove(request: HttpRequest, index: int, number: int | None = None) -> HttpResponse:
    """Take a rule away, after a question."""
    place = mailbox_in(request, number, "rules")
    found = rules_of(place.mailbox)
    rule = _at(found, index)
    row = told((rule,))[0]

    def act(_: dict[str, Any]) -> None:
        seen = _seen(request, place)
        _set(place, (*seen[:index], *seen[index + 1 :]))

    question = Question(
        title=gettext("Remove the rule “{name}”").format(name=rule.name),
        lines=[
            *row.conditions,
            *row.actions,
            gettext("This cannot be undone. To keep the rule for later, switch it off instead."),
        ],
        act=gettext("Remove the rule"),
        back=place.link("rules"),
        danger=True,
    )
    return confirmed(
        request,
        question,
        act,
        done=lambda: gettext("The rule “{name}” is gone.").format(name=rule.name),
        form=edition_form(edition(found)),
    )
