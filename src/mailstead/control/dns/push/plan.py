"""What would change in a zone so that the domain's records are in order; nothing here asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from mailstead.control.dns import spf
from mailstead.control.dns.answers import Answer, Found, Seen
from mailstead.control.dns.compare import Expected, Finding, compare
from mailstead.control.dns.push.records import Rrset, said, written

TTL = 3600
"""Seconds, of a record that was not there before."""


class Change(msgspec.Struct, frozen=True):
    """One record set: as it is and as it will be."""

    name: str
    type: str
    before: tuple[str, ...]
    """In presentation format; none: there is nothing of the kind."""
    after: tuple[str, ...]
    """None: it is removed."""
    ttl_before: int
    ttl_after: int
    purpose: str = ""
    """Of the record for which it is made (`compare.Purpose`)."""
    loud: bool = False
    """It turns mail away from other hosts, or takes something else off the name: asked apart."""

    @property
    def key(self) -> str:
        """By which it is chosen."""
        return f"{self.name} {self.type}"

    @property
    def kind(self) -> str:
        """`create`, `update` or `delete`."""
        if not self.before:
            return "create"
        return "update" if self.after else "delete"

    @property
    def wanted(self) -> Rrset:
        """As it will be."""
        return Rrset(self.name, self.type, self.ttl_after, self.after)

    def back(self) -> Change:
        """The way back."""
        return Change(
            self.name,
            self.type,
            self.after,
            self.before,
            self.ttl_after,
            self.ttl_before,
            self.purpose,
        )


def changes_for(expected: Sequence[Expected], zone: Sequence[Rrset]) -> list[Change]:
    """A change for each record set that is not as it should be; others at the names are kept."""
    there = {one.key: one for one in zone}
    findings = compare(expected, seen_in(expected, zone))
    keys = dict.fromkeys((one.expected.name, one.expected.type) for one in findings)
    changes: list[Change] = []
    for name, kind in keys:
        here = [one for one in findings if (one.expected.name, one.expected.type) == (name, kind)]
        if all(one.verdict == "good" for one in here):
            continue
        changes += _beside(name, kind, there)
        changes.append(_change(name, kind, here, there.get(f"{name} {kind}")))
    return changes


def left(expected: Sequence[Expected], zone: Sequence[Rrset]) -> list[Rrset]:
    """What is in the zone and stays as it is."""
    changed = {one.key for one in changes_for(expected, zone)}
    return [one for one in zone if one.key not in changed]


def seen_in(expected: Sequence[Expected], zone: Sequence[Rrset]) -> Seen:
    """The zone as if its servers had been asked."""
    values = {(one.name, one.type): one for one in zone}
    answers: dict[tuple[str, str], Found] = {}
    for key in dict.fromkeys(key for one in expected for key in one.questions):
        found = values.get(key)
        texts = tuple(said(found.type, value) for value in found.values) if found else ()
        answer = Answer("found", texts) if texts else Answer("empty")
        answers[key] = Found((answer,), answer)
    return Seen(answers=answers)


def _change(name: str, kind: str, findings: Sequence[Finding], existing: Rrset | None) -> Change:
    before = existing.values if existing else ()
    wrong = {text for one in findings if one.verdict != "good" for text in one.found}
    kept = [value for value in before if said(kind, value) not in wrong]
    texts = {said(kind, value) for value in kept}
    ours = [one for one in findings if one.verdict != "extra"]
    made = [
        written(kind, one.publish)
        for one in ours
        # What is good already stands among those that are kept, in its own words.
        if not (one.verdict == "good" and set(one.found) & texts) and one.publish not in texts
    ]
    after = tuple(dict.fromkeys([*kept, *made]))
    return Change(
        name=name,
        type=kind,
        before=before,
        after=after,
        ttl_before=existing.ttl if existing else 0,
        ttl_after=existing.ttl if existing else TTL,
        purpose=findings[0].expected.purpose,
        loud=_loud(kind, before, after),
    )


def _loud(kind: str, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether another host loses mail that goes to it now."""
    gone = {said(kind, value) for value in before} - {said(kind, value) for value in after}
    return kind == "MX" and any(text.partition(" ")[2].strip(" .") for text in gone)


def _beside(name: str, kind: str, there: Mapping[str, Rrset]) -> list[Change]:
    """What cannot stand at the same name: an alias is alone (RFC 1034 §3.6.2)."""
    others = [
        one
        for one in there.values()
        if one.name == name and one.type != kind and "CNAME" in (kind, one.type)
    ]
    return [Change(name, one.type, one.values, (), one.ttl, 0, loud=True) for one in others]


def back(made: Sequence[Change], zone: Sequence[Rrset]) -> tuple[list[Change], list[str]]:
    """The changes that take others back, and the names at which somebody has changed more since."""
    there = {one.key: one for one in zone}
    changes: list[Change] = []
    differing: list[str] = []
    for one in made:
        now = there.get(one.key)
        values = now.values if now else ()
        if same(one.type, values, one.before):
            continue
        if not same(one.type, values, one.after):
            differing.append(one.key)
            continue
        changes.append(one.back())
    # What an alias had to make room for comes after it has gone.
    return changes[::-1], differing


def same(kind: str, one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two record sets say the same, in whatever order and spelling."""
    return {said(kind, value) for value in one} == {said(kind, value) for value in other}


def spf_parts(change: Change) -> list[str]:
    """The SPF records that are joined into the new one, for its words."""
    return [t for t in (said(change.type, v) for v in change.before) if spf.is_spf(t)]
