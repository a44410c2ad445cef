"""Which sending address a message takes: the rules, without sockets and files.

First of all what a mark says of the sender, then what the sender's address says, decides the
class. Of the class's addresses, in an order that depends on the sender's domain only, the first
is taken that neither rests from the receiver nor has used up its day's ceiling there: a domain
keeps its address as long as it may, and a new address takes over a fair part of them. Addresses
that a DNS list names come after all others: who does not ask that list takes mail from them still.
Where none is left the fallback relay takes it, or it waits; suspect mail always waits, because a
relay ends the contract for it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from mailstead.wire.pools import (
    EVERYWHERE,
    FALLBACK,
    MailClass,
    RestKind,
    SendingAddress,
    SendingPlan,
    by_address,
)

WAIT = "wait"
KEPT = re.compile(r"Mail to (\S+) is kept for now: ")
"""What a message that waits for an address is told; its receiver."""
_SRS = re.compile(r"srs[01][-+=]", re.IGNORECASE)
_FIRST = {"reputation": dt.timedelta(hours=4), "rate": dt.timedelta(minutes=5)}
_LONGEST = {"reputation": dt.timedelta(days=7), "rate": dt.timedelta(hours=4)}
_FORGIVEN = {"reputation": dt.timedelta(days=7), "rate": dt.timedelta(hours=6)}
"""After so long without a new refusal the next one is the first again."""
_WORDS = {
    "reputation": "rests there after a refusal",
    "rate": "slows down there",
    "operator": "rests by order of the operator",
}


@dataclass
class Rest:
    """An address's rest from a receiver; ended ones are remembered for their number."""

    address: int
    receiver: str
    kind: RestKind
    since: dt.datetime
    until: dt.datetime
    times: int = 1
    reply: str = ""
    ended: bool = False
    """Its end was told."""


@dataclass(frozen=True)
class Choice:
    """The way, `wait` or a name of `wire.pools`; the reason in words; the class."""

    way: str
    why: str
    mail_class: MailClass


@dataclass
class Chooser:
    """The rules over a plan, rests and counts; whoever uses it keeps them on disk."""

    hostname: str
    plan: SendingPlan = field(default_factory=SendingPlan)
    rests: dict[tuple[int, str], Rest] = field(default_factory=dict)
    used: dict[tuple[int, str], int] = field(default_factory=dict)
    """Recipients of `day`, by address and receiver."""
    day: dt.date = dt.date.min
    listed: dict[int, str] = field(default_factory=dict)
    """DNS lists that name an address now, in words, by its number."""
    missing: frozenset[int] = frozenset()
    """Addresses that the machine has not: Postfix could not leave by them."""
    _marks: dict[str, MailClass] = field(default_factory=dict)
    _orders: dict[tuple[MailClass, str], tuple[SendingAddress, ...]] = field(default_factory=dict)

    def take_plan(self, plan: SendingPlan) -> None:
        """From now on this plan holds; rests and counts stay."""
        self.plan = plan
        self._marks = {mark.sender: mark.to for mark in plan.marks}
        self._orders.clear()

    def class_of(self, sender: str) -> MailClass:
        """The class of a sender's mail."""
        local, _, domain = sender.lower().rpartition("@")
        marked = self._marks.get(sender.lower()) or self._marks.get(f"@{domain}")
        if marked:
            return marked
        if not sender or (domain == self.hostname and _SRS.match(local)):
            return "forwarded"
        return "notices" if domain == self.hostname else "own"

    def choose(self, sender: str, receiver: str, now: dt.datetime) -> Choice:
        """The way of one recipient's copy, counted against its ceiling."""
        self.turn_day(now)
        mail_class = self.class_of(sender)
        passed: list[str] = []
        order = self.order(mail_class, sender.rpartition("@")[2].lower())
        for address in sorted(order, key=lambda one: one.number in self.listed):
            hindrance = self.hindrance(address, receiver, now)
            if not hindrance:
                key = address.number, receiver
                self.used[key] = self.used.get(key, 0) + 1
                named = [] if address.number in self.listed else self._named(order)
                why = "; ".join([*named, *passed])
                return Choice(by_address(address.number), why, mail_class)
            passed.append(f"{address.helo} {hindrance}")
        why = "; ".join(passed) or "no sending address takes part"
        if self.plan.relay is not None and mail_class != "suspect":
            return Choice(FALLBACK, why, mail_class)
        return Choice(WAIT, why, mail_class)

    def _named(self, order: Sequence[SendingAddress]) -> list[str]:
        return [
            f"{one.helo} is on {self.listed[one.number]}"
            for one in order
            if one.number in self.listed
        ]

    def hindrance(self, address: SendingAddress, receiver: str, now: dt.datetime) -> str:
        """Why the address may not be used there now, in words; empty: it may."""
        if address.number in self.missing:
            return "is no address of this machine"
        for where in (receiver, EVERYWHERE):
            rest = self.rests.get((address.number, where))
            if rest and rest.until > now:
                return f"{_WORDS[rest.kind]} until {rest.until:%Y-%m-%d %H:%M} UTC"
        ceiling = self.ceiling(address, self.day)
        if ceiling is not None and self.used.get((address.number, receiver), 0) >= ceiling:
            return f"is new and has reached its {ceiling} of today there"
        return ""

    def ceiling(self, address: SendingAddress, day: dt.date) -> int | None:
        """Recipients that one receiver gets from the address on a day; None: as many as there are.

        The first day is the plan's first entry; after the last one the address is warm.
        """
        if address.state != "warming":
            return None
        begun = max(0, (day - (address.warm_since or day)).days)
        return self.plan.ceilings[begun] if begun < len(self.plan.ceilings) else None

    def order(self, mail_class: MailClass, domain: str) -> tuple[SendingAddress, ...]:
        """The class's addresses as a sender's domain prefers them (rendezvous hashing)."""
        found = self._orders.get((mail_class, domain))
        if found is None:
            if len(self._orders) > 50_000:
                self._orders.clear()
            found = tuple(sorted(self._members(mail_class), key=lambda one: _weight(one, domain)))
            self._orders[mail_class, domain] = found
        return found

    def _members(self, mail_class: MailClass) -> list[SendingAddress]:
        """The class's addresses; a class without any goes as own mail, or as all does."""
        everybody = self.plan.addresses
        bound = [one for one in everybody if mail_class in one.classes]
        bound = bound or [one for one in everybody if "own" in one.classes] or list(everybody)
        return [one for one in bound if one.state != "paused"]

    def turn_day(self, now: dt.datetime) -> None:
        """Begin new counts when the day (UTC) is another one."""
        today = now.date()
        if today != self.day:
            self.day = today
            self.used.clear()

    def refused(
        self, number: int, receiver: str, kind: RestKind, reply: str, now: dt.datetime
    ) -> Rest | None:
        """A receiver has refused an address: it rests there. None: it rests already.

        Messages that were under way when a rest began must not make it grow; and a short one
        must not replace a longer one.
        """
        before = self.rests.get((number, receiver))
        if before and before.until > now and not (before.kind == "rate" and kind == "reputation"):
            return None
        times = 1
        if before and before.kind == kind and now - before.until < _FORGIVEN[kind]:
            times = before.times + 1
        length = min(_FIRST[kind] * 2 ** min(times - 1, 20), _LONGEST[kind])
        rest = Rest(number, receiver, kind, now, now + length, times, reply[:400])
        self.rests[number, receiver] = rest
        return rest

    def ordered(self, number: int, receiver: str, until: dt.datetime, now: dt.datetime) -> Rest:
        """The operator lets an address rest."""
        rest = Rest(number, receiver, "operator", now, until)
        self.rests[number, receiver] = rest
        return rest

    def end(self, number: int, receiver: str) -> Rest | None:
        """The operator ends a rest, and its history with it."""
        return self.rests.pop((number, receiver), None)

    def over(self, now: dt.datetime) -> Iterator[Rest]:
        """Rests whose end has come and was not told; `ended` is set."""
        for rest in self.rests.values():
            if rest.until <= now and not rest.ended:
                rest.ended = True
                yield rest


def _weight(address: SendingAddress, domain: str) -> bytes:
    return blake2b(f"{address.number}/{domain}".encode(), digest_size=8).digest()
