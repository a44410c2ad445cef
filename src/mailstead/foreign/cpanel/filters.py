"""Filters as cPanel keeps them: its own YAML and the Exim filter compiled from it (`EximFilter`).

Nothing is translated here; only what is a setting in truth is taken out: reception that was
suspended, and the rule by which cPanel deletes spam above a score.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from mailstead.foreign.cpanel.source import Source
from mailstead.foreign.inventory import EximFilter, PanelAction, PanelRule, PanelTest
from mailstead.foreign.notes import printable
from mailstead.foreign.safeyaml import load

_NO_RECEPTION = "SUSPEND RECEPTION OF NEW MESSAGES"
_SPAM_RULE = "Generated Apache SpamAssassin"
_PLUSES = re.compile(r"\+{1,99}")
_SPAM_BLOCK = re.compile(
    r"^#" + _SPAM_RULE + r"[^\n]*Discard Rule[^\n]*\n\s*if\s+"
    r"\$h(?:eader)?_X-Spam-Bar:\s+contains\s+\"(\+{1,99})\"\s+then\s+"
    r"save\s+\"/dev/null\"(?:\s+\d+)?\s+endif[ \t]*\n?",
    re.M,
)
_FRAME = re.compile(
    r"^\s*#.*$|^headers charset .*$"
    r"|^if not first_delivery and error_message then finish endif\s*$",
    re.M,
)
MAX_RULES = 4096


class AccountFilter(NamedTuple):
    """What acts on all mail of a domain."""

    filter: EximFilter | None
    delete_above: float | None
    """The score above which spam was deleted."""


def account_rules(source: Source) -> tuple[PanelRule, ...]:
    """The account's rules as the panel shows them; they are the same for all domains."""
    return _rules(source, source.in_home(".cpanel", "filter.yaml"), "") if source.home else ()


def account_filter(source: Source, domain: str, rules: tuple[PanelRule, ...]) -> AccountFilter:
    """The filter of a domain: its compiled text with the account's rules.

    A domain without that text had no filter, whatever the panel shows, unless no domain has one.
    """
    path = source.at("vf", domain)
    if source.tree.find(path) is None and next(source.files(source.at("vf")), None) is not None:
        return AccountFilter(None, None)
    text = source.text(path)
    if text:
        source.exists(source.in_home(".filter"))  # the text was made from this one, long ago
    above = _spam_score(rules)
    block = _SPAM_BLOCK.search(text)
    if block is not None:
        above = above or float(len(block[1]))
        text = text[: block.start()] + text[block.end() :]
    kept = tuple(rule for rule in rules if _pluses(rule) is None)
    if _says_nothing(text) and not kept:
        return AccountFilter(None, above)
    place = path if source.tree.find(path) else source.in_home(".cpanel", "filter.yaml")
    return AccountFilter(EximFilter(text=text, rules=kept, place=source.place(place)), above)


def mailbox_filter(
    source: Source, domain: str, local: str, address: str
) -> tuple[EximFilter | None, bool]:
    """A mailbox's own filter, and whether the mailbox receives mail."""
    path = source.in_home("etc", domain, local, "filter")
    panel = source.in_home("etc", domain, local, "filter.yaml")
    source.exists(source.in_home("etc", domain, local, "filter.cache"))
    text, rules = source.text(path), _rules(source, panel, address)
    if _NO_RECEPTION in text:
        if rules:
            source.notes.add(
                "differs",
                "filter-while-suspended",
                source.place(path),
                "Mail was not received any more, so of the filters only what the panel shows is"
                " left.",
                address=address,
            )
            return EximFilter(text="", rules=rules, place=source.place(panel)), False
        return None, False
    if _says_nothing(text) and not rules:
        return None, True
    place = path if source.tree.find(path) else panel
    return EximFilter(text=text, rules=rules, place=source.place(place)), True


def _says_nothing(text: str) -> bool:
    return not _FRAME.sub("", text).strip()


def _rules(source: Source, path: str, address: str) -> tuple[PanelRule, ...]:
    data = source.octets(path)
    if not data or not data.strip():
        return ()
    whole = load(data)
    rows = whole.get("filter") if isinstance(whole, dict) else None
    if whole == {} or (isinstance(whole, dict) and "filter" in whole and rows in (None, [])):
        return ()
    made: list[PanelRule] = []
    for row in rows if isinstance(rows, list) else [None]:
        rule = _rule(row)
        if rule is None or len(made) >= MAX_RULES:
            source.notes.add(
                "unknown",
                "filter-yaml",
                source.place(path),
                "The panel's own copy of a filter is not understood; the compiled one counts.",
                text=repr(row) if row else "",
                address=address,
            )
            if len(made) >= MAX_RULES:
                break
            continue
        made.append(rule)
    return tuple(made)


def _rule(row: object) -> PanelRule | None:
    if not isinstance(row, dict):
        return None
    tests, actions = row.get("rules") or [], row.get("actions") or []
    if not isinstance(tests, list) or not isinstance(actions, list):
        return None
    if not all(isinstance(one, dict) for one in [*tests, *actions]):
        return None
    return PanelRule(
        name=_word(row.get("filtername")),
        enabled=_word(row.get("enabled", 1)).lower() not in ("0", "", "false", "no"),
        tests=tuple(
            PanelTest(
                part=_word(test.get("part")),
                match=_word(test.get("match")),
                value=_word(test.get("val")),
                join=_join(test.get("opt")),
            )
            for test in tests
        ),
        actions=tuple(
            PanelAction(action=_word(act.get("action")), dest=_word(act.get("dest")))
            for act in actions
        ),
    )


def _join(value: object) -> Literal["and", "or", ""]:
    said = _word(value).lower()
    return "and" if said == "and" else "or" if said == "or" else ""


def _word(value: object) -> str:
    return "" if value is None else printable(str(value))


def _pluses(rule: PanelRule) -> int | None:
    """The score of cPanel's rule that deletes spam; None of any other rule."""
    if not rule.name.startswith(_SPAM_RULE) or len(rule.tests) != 1 or len(rule.actions) != 1:
        return None
    test, action = rule.tests[0], rule.actions[0]
    if "X-Spam-Bar" not in test.part or test.match != "contains":
        return None
    if action.action != "save" or action.dest != "/dev/null" or not _PLUSES.fullmatch(test.value):
        return None
    return len(test.value)


def _spam_score(rules: tuple[PanelRule, ...]) -> float | None:
    scores = [_pluses(rule) for rule in rules if rule.enabled]
    return next((float(score) for score in scores if score is not None), None)
