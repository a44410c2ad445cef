"""Whether what is here is what was there: source and mailbox compared folder by folder; pure.

Both sides were counted by a pass of its own, not while copying. A mailbox that has received since
has more than its source; less is a loss.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mailstead.wire.moves import FolderCount

State = Literal["good", "more", "differs", "bad", "waiting"]
ORDER: tuple[State, ...] = ("bad", "waiting", "differs", "more", "good")
"""The worst first."""
KINDS = (
    "folders",
    "messages",
    "octets",
    "uidvalidity",
    "uids",
    "flags",
    "keywords",
    "subscriptions",
    "uidls",
)


@dataclass(frozen=True)
class Line:
    """One comparison of one mailbox."""

    kind: str
    state: State
    source: str
    target: str
    where: str = ""
    """Folders in which they differ."""


def compare(
    source: Sequence[FolderCount], target: Sequence[FolderCount], *, kept: bool = True
) -> list[Line]:
    """Every kind once; `kept`: the copy has promised that messages keep their UIDs."""
    there = {one.folder: one for one in source}
    here = {one.folder: one for one in target}
    both = [(there[name], here[name]) for name in there if name in here]
    # A folder that its server has never opened has no numbers that could be another's.
    numbered = [pair for pair in both if pair[0].uid_validity]
    missing = sorted(there.keys() - here.keys())
    lost = [name for name in missing if there[name].messages]
    lines = [
        Line(
            "folders",
            "bad" if lost else "differs" if missing else "good",
            str(len(there)),
            str(len(there) - len(missing)),
            _named(missing),
        ),
        _amount("messages", there, here),
        _amount("octets", there, here),
        _same("uidvalidity", numbered, kept, lambda one: str(one.uid_validity)),
        _uids(numbered, kept),
    ]
    lines += [_flags("flags", both, system=True), _flags("keywords", both, system=False)]
    lines.append(_same("subscriptions", both, True, lambda one: str(one.subscribed)))
    told = [(one, two) for one, two in both if one.uidls and two.uidls]
    lines.append(_same("uidls", [pair for pair in told if _equal(pair)], kept, lambda o: o.uidls))
    return lines


def _equal(pair: tuple[FolderCount, FolderCount]) -> bool:
    """Whether both have the same number of messages: of others no digest can be equal."""
    return pair[0].messages == pair[1].messages


def _amount(kind: str, there: dict[str, FolderCount], here: dict[str, FolderCount]) -> Line:
    less, more = [], []
    for name, one in there.items():
        had = getattr(one, kind)
        has = getattr(here[name], kind) if name in here else 0
        if has < had:
            less.append(name)
        elif has > had:
            more.append(name)
    state: State = "bad" if less else "more" if more else "good"
    source = sum(getattr(one, kind) for one in there.values())
    target = sum(getattr(here[name], kind) for name in there if name in here)
    return Line(kind, state, str(source), str(target), _named(less or more))


def _same(
    kind: str,
    both: Sequence[tuple[FolderCount, FolderCount]],
    kept: bool,
    value: Callable[[FolderCount], str],
) -> Line:
    """Folder by folder the same."""
    wrong = [one.folder for one, two in both if value(one) != value(two)]
    state: State = "good" if not wrong else "bad" if kept and kind != "subscriptions" else "differs"
    return Line(kind, state, str(len(both)), str(len(both) - len(wrong)), _named(wrong))


def _uids(both: Sequence[tuple[FolderCount, FolderCount]], kept: bool) -> Line:
    """The UIDs of the messages of both; new mail here makes the digest another one."""
    comparable = [pair for pair in both if _equal(pair)]
    return _same("uids", comparable, kept, lambda one: one.uids)


def _flags(kind: str, both: Sequence[tuple[FolderCount, FolderCount]], *, system: bool) -> Line:
    """Counts by flag; fewer here are told, more are new."""
    wrong = []
    source: Counter[str] = Counter()
    target: Counter[str] = Counter()
    for one, two in both:
        had, has = _of(one.flags, system), _of(two.flags, system)
        source.update(had)
        target.update(has)
        if any(has.get(flag, 0) < number for flag, number in had.items() if flag != "\\Recent"):
            wrong.append(one.folder)
    return Line(kind, "differs" if wrong else "good", _sum(source), _sum(target), _named(wrong))


def _of(flags: dict[str, int], system: bool) -> dict[str, int]:
    return {flag: n for flag, n in flags.items() if flag.startswith("\\") == system}


def _sum(counts: Counter[str]) -> str:
    return ", ".join(f"{flag.lstrip(chr(92))} {n}" for flag, n in sorted(counts.items())) or "0"


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:5]) + (f" (+{len(listed) - 5})" if len(listed) > 5 else "")


def worst(states: Iterable[State]) -> State:
    """The one that says most."""
    found = set(states)
    return next((one for one in ORDER if one in found), "good")
