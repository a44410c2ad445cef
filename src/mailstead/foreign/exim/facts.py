"""What a command may do, whatever the message is: asked before anything is told in Sieve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailstead.foreign.exim.conditions import Known, at_most
from mailstead.foreign.exim.made import Made, anyone, everyone
from mailstead.foreign.exim.syntax import (
    Command,
    Condition,
    Deed,
    Flag,
    ForAnyAddress,
    If,
    Many,
    Not,
)

_DELIVERS = {"deliver", "save", "pipe"}


@dataclass(frozen=True)
class Facts:
    """Of one command with all that is in it."""

    significant: bool
    """It may make a delivery that takes the place of the usual one."""
    finishes: bool
    """It may end the filter without a delivery."""
    refuses: bool
    """It may refuse the message."""
    stores: bool
    """It may file or send on the message, or a copy of it."""
    asks: bool
    """It asks whether something was delivered."""

    @property
    def ends(self) -> bool:
        """What comes after it may not be reached."""
        return self.finishes or self.refuses


def facts(command: Command) -> Facts:
    """What the command may do."""
    deeds = list(_deeds(command))
    return Facts(
        significant=any(_significant(deed) for deed in deeds),
        finishes=any(deed.name == "finish" for deed in deeds),
        refuses=any(deed.name in ("fail", "freeze") for deed in deeds),
        stores=any(deed.name in _DELIVERS for deed in deeds),
        asks=isinstance(command, If) and any(map(_asks, _conditions(command))),
    )


def _significant(deed: Deed) -> bool:
    if deed.name in _DELIVERS:
        return deed.seen != "unseen"
    return deed.seen == "seen" or deed.name in ("fail", "freeze")


def _deeds(command: Command) -> Iterator[Deed]:
    if isinstance(command, Deed):
        yield command
        return
    for branch in command.branches:
        for one in branch.commands:
            yield from _deeds(one)
    for one in command.otherwise:
        yield from _deeds(one)


def _conditions(command: If) -> Iterator[Condition]:
    for branch in command.branches:
        yield branch.condition
        for one in branch.commands:
            if isinstance(one, If):
                yield from _conditions(one)
    for one in command.otherwise:
        if isinstance(one, If):
            yield from _conditions(one)


def _asks(condition: Condition) -> bool:
    if isinstance(condition, Flag):
        return condition.name == "delivered"
    if isinstance(condition, Not | ForAnyAddress):
        return _asks(condition.condition)
    return isinstance(condition, Many) and any(map(_asks, condition.conditions))


def where(command: Command, known: Known, *, significant: bool) -> str:
    """A test that holds for every message whose way the command may end; `true` for all.

    `significant`: a delivery ends it too, as in an account's filter.
    """
    if isinstance(command, Deed):
        one = facts(command)
        return "true" if one.ends or (significant and one.significant) else "false"
    tests = []
    for branch in command.branches:
        inside = [Made(where(one, known, significant=significant)) for one in branch.commands]
        outside = Made(at_most(branch.condition, known))
        tests.append(everyone([outside, anyone(inside)]))
    tests += [Made(where(one, known, significant=significant)) for one in command.otherwise]
    return anyone(tests).test
