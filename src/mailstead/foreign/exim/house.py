"""Translated rules in the shape of the house's own, as far as those can hold them."""

from __future__ import annotations

from mailstead.foreign.exim.model import HouseRule

MOST = 200
LONGEST_NAME, LONGEST_VALUE, LONGEST_HEADER, LONGEST_FOLDER = 100, 500, 76, 200
"""Characters."""


def house_rule(
    name: str,
    join: str,
    conditions: list[HouseRule],
    actions: list[HouseRule],
    *,
    stop: bool,
    enabled: bool = True,
) -> HouseRule:
    """One rule."""
    shown = "".join(char if char.isprintable() else " " for char in name).strip()
    return {
        "name": shown[:LONGEST_NAME].strip() or "Rule",
        "enabled": enabled,
        "any_of": join == "or",
        "conditions": conditions,
        "actions": actions,
        "stop": stop,
    }


def fitting(rules: list[HouseRule] | None) -> tuple[HouseRule, ...] | None:
    """All of them; None where one does not fit, or where there is none."""
    if not rules or len(rules) > MOST or not all(map(_fits, rules)):
        return None
    return tuple(rules)


def _fits(rule: HouseRule) -> bool:
    return bool(rule["actions"]) and all(
        [
            *(
                len(one["value"]) <= LONGEST_VALUE
                and one["value"].isprintable()
                and len(one["header"]) <= LONGEST_HEADER
                for one in rule["conditions"]
            ),
            *map(_action_fits, rule["actions"]),
        ]
    )


def _action_fits(action: HouseRule) -> bool:
    value: str = action["value"]
    if action["do"] in ("file", "copy"):
        levels = value.split("/")
        bad = any(level in (".", "..") or level.startswith("~") for level in levels)
        return len(value) <= LONGEST_FOLDER and not bad
    return len(value) <= LONGEST_VALUE and value.replace("\n", "").isprintable()
