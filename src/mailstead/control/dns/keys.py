"""DKIM keys and what the DNS says of them: each step of their lives that waits for a look.

A key counts as seen when every server that answers for the customer's zone leads to it, and, behind
an alias, every server that answers for the company's zone has it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mailstead.control.dns import queries
from mailstead.control.dns.answers import Answer, Key, Seen
from mailstead.control.dns.compare import Expected, compare, is_key
from mailstead.control.dns.lookup import Way, look
from mailstead.control.hosting import keylife
from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting import services as acts
from mailstead.control.hosting.models import DkimKey, Domain
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

Look = Callable[[str, Sequence[Key], Way], Seen]
AT_ONCE = 8
"""Keys that the worker looks at at the same time."""


@dataclass(frozen=True)
class _Question:
    """All that a look needs, so that it can be done on a thread without the database."""

    domain: str
    expected: Expected
    target: str
    """Name in the company's zone; empty: the customer publishes the key itself."""


def advance_due(now: dt.datetime, look: Look = look) -> int:
    """Take the steps that are due, of some keys at a time; returns how many keys."""
    rows = DkimKey.objects.filter(due_at__lte=now, domain__removed_at=None)
    rows = rows.select_related("domain__customer__reseller", "domain__server")
    due = list(rows.prefetch_related("domain__dkim_keys").order_by("due_at", "pk")[:AT_ONCE])
    _advance(due, now, look)
    return len(due)


def advance_domain(now: dt.datetime, domain: Domain, look: Look = look) -> None:
    """The steps of one domain's keys that wait for a look, due or not: somebody asked."""
    if DkimKey.objects.filter(domain=domain, state__in=("waiting", "visible")).exists():
        advance_keys(now, domain, look)


def advance_keys(now: dt.datetime, domain: Domain, look: Look = look) -> None:
    """Every step of one domain's keys that may be taken at this moment."""
    rows = DkimKey.objects.filter(domain=domain)
    rows = rows.select_related("domain__customer__reseller", "domain__server")
    _advance(list(rows.prefetch_related("domain__dkim_keys")), now, look)


def _advance(keys: Sequence[DkimKey], now: dt.datetime, look: Look) -> None:
    steps = [_step(key, now) for key in keys]
    asked = [key for key, step in zip(keys, steps, strict=True) if step in ("look", "sign")]
    questions = [_question(key) for key in asked]
    way = queries.way()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dkim") as pool:
        seen = dict(
            zip(
                [key.pk for key in asked],
                pool.map(lambda one: _seen(one, look, way), questions),
                strict=True,
            )
        )
    for key, step in zip(keys, steps, strict=True):
        try:
            _take(key, step, now, seen.get(key.pk, False))
        except Refusal:
            # Removed in the meantime, or changed by somebody: the next round sees what is there.
            acts.note_key_due(now=now, key=key)


def _step(key: DkimKey, now: dt.datetime) -> keylife.Step:
    keys = [hosting.key_of(one) for one in hosting.dkim_keys(key.domain)]
    return keylife.step_of(hosting.key_of(key), keys, hosting.pace(), now)


def _take(key: DkimKey, step: keylife.Step, now: dt.datetime, seen: bool) -> None:
    if step in ("look", "sign"):
        acts.note_seen(now=now, key=key, seen=seen)
    elif step == "withdraw":
        acts.withdraw_old(now=now, key=key)
    elif step == "rotate":
        acts.rotate_keys(actor=Actor.system(), now=now, domain=key.domain)
        acts.note_key_due(now=now, key=key)
    else:
        acts.note_key_due(now=now, key=key)


def _question(key: DkimKey) -> _Question:
    domain, text = key.domain, hosting.key_record(key)
    name = hosting.key_name(domain, key.selector)
    if not hosting.zone_of_keys():
        return _Question(domain.name, Expected(name, "TXT", text), "")
    target = hosting.zone_name(domain.pk, key.selector)
    return _Question(domain.name, Expected(name, "CNAME", f"{target}.", text), target)


def _seen(question: _Question, look: Look, way: Way) -> bool:
    """Whether receivers find the key now."""
    expected = question.expected
    (finding,) = compare([expected], look(question.domain, expected.questions, way))
    if finding.code == "dkim-direct" or not question.target:
        return finding.verdict == "good"
    if finding.code != "dkim-good":
        return False
    key = (question.target, "TXT")
    found = look(question.target, [key], way).answers.get(key)
    told = [answer for answer in found.authoritative if answer.known] if found else []
    return bool(told) and all(_has(answer, expected.holds) for answer in told)


def _has(answer: Answer, wanted: str) -> bool:
    return len(answer.values) == 1 and is_key(answer.values[0], wanted)
