"""A message with what will become of it, and the texts that messages are made of."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from mailstead.mailplane.guard import acts

CONTENT_AFTER = 1.0
"""Seconds from DATA to the filter's answer: it reads the message when it is whole."""
OUTCOME_AFTER = (2.0, 90.0)
"""Seconds until a receiver has said no: most are asked at once, some answer late."""
COMPLAINT_AFTER = (600.0, 86_400.0)
"""Seconds until somebody calls it spam: when it is read, within a day."""
SPAM_AT = 6.0
"""Score from which the filter would mark it in the inbox: Rspamd's `add_header` as shipped."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of recipients that something becomes of."""

    bounced: float
    refused: float
    deferred: float
    complaint: float = 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """What messages are written after: their subject, their body, how much they differ."""

    subject: int
    body: int
    flips: tuple[int, int]
    """Bits of the body's number in which one message differs from the pattern, about."""
    size: int
    score: float
    spread: float = 1.5
    """Standard deviation of the score."""
    author: str = ""
    """Header From; empty: the mailbox."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A submission, its content, and what its recipients' servers will say if it goes out."""

    submission: acts.Submission
    content: acts.Content
    outcomes: tuple[acts.Outcome, ...] = ()
    complaints: tuple[acts.Complaint, ...] = ()
    stolen: bool = False
    """A bot hands it in, not the owner."""

    @property
    def at(self) -> float:
        return self.submission.at

    def again(self, after: float) -> Letter:
        """The same message handed in anew `after` seconds later: another transaction."""
        instance = self.submission.instance + "+"
        return replace(
            self,
            submission=replace(self.submission, at=self.at + after, instance=instance),
            content=replace(self.content, at=self.content.at + after, instance=instance),
            outcomes=tuple(replace(one, at=one.at + after) for one in self.outcomes),
            complaints=tuple(replace(one, at=one.at + after) for one in self.complaints),
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """An account is made."""

    at: float
    mailbox: str


Event = Letter | Opened | acts.SignIn | acts.Outcome
"""An `Outcome` by itself is a recipient refused at RCPT: it never was in a message."""


def flat(events: Iterator[Event]) -> Iterator[acts.Act]:
    """All acts that the guard would hear of if nothing were held, a letter's own together."""
    for event in events:
        if isinstance(event, Letter):
            yield event.submission
            yield event.content
            yield from event.outcomes
            yield from event.complaints
        elif not isinstance(event, Opened):
            yield event


class Pen:
    """Writes the letters of one mailbox; the same lots give the same letters."""

    def __init__(self, mailbox: str, lots: random.Random, *, stolen: bool = False) -> None:
        self.mailbox = mailbox
        self._lots = lots
        self._stolen = stolen
        self._count = 0
        self._mark = "x" if stolen else "m"

    def letter(
        self,
        at: float,
        client: str,
        helo: str,
        recipients: Sequence[str],
        text: Text,
        rates: Rates,
        known_rates: Rates | None = None,
        known: Collection[str] = (),
    ) -> Letter:
        """One message at `at`; its recipients' fates are drawn here.

        `known_rates` are for those recipients that are among the `known`.
        """
        lots, mailbox = self._lots, self.mailbox
        self._count += 1
        instance = f"{self._mark}{self._count}.{mailbox}"
        size = int(text.size * lots.uniform(0.9, 1.1))
        score = lots.gauss(text.score, text.spread)
        return Letter(
            acts.Submission(at, mailbox, client, helo, mailbox, tuple(recipients), size, instance),
            acts.Content(
                at + CONTENT_AFTER,
                mailbox,
                instance,
                text.author or mailbox,
                text.subject,
                varied(text.body, text.flips, lots),
                round(score, 1),
                score >= SPAM_AT,
                foreign=bool(text.author) and _domain(text.author) != _domain(mailbox),
            ),
            tuple(self._outcomes(at, recipients, rates, known_rates or rates, known)),
            tuple(self._complaints(at, recipients, rates)),
            self._stolen,
        )

    def _outcomes(
        self,
        at: float,
        recipients: Sequence[str],
        new_rates: Rates,
        known_rates: Rates,
        known: Collection[str],
    ) -> Iterator[acts.Outcome]:
        lots = self._lots
        for recipient in recipients:
            rates = known_rates if recipient in known else new_rates
            lot = lots.random()
            fate: acts.Fate
            if lot < rates.bounced:
                fate = "bounced"
            elif lot < rates.bounced + rates.refused:
                fate = "refused"
            elif lot < rates.bounced + rates.refused + rates.deferred:
                fate = "deferred"
            else:
                continue
            yield acts.Outcome(at + lots.uniform(*OUTCOME_AFTER), self.mailbox, recipient, fate)

    def _complaints(
        self, at: float, recipients: Collection[str], rates: Rates
    ) -> Iterator[acts.Complaint]:
        lots = self._lots
        if rates.complaint:
            for _ in recipients:
                if lots.random() < rates.complaint:
                    yield acts.Complaint(at + lots.uniform(*COMPLAINT_AFTER), self.mailbox)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def varied(body: int, flips: tuple[int, int], lots: random.Random) -> int:
    """A body's number near another: as many bits turned as drawn, fewer where one is hit twice."""
    for _ in range(lots.randint(*flips)):
        body ^= 1 << lots.getrandbits(6)
    return body or 1


def poisson(mean: float, lots: random.Random) -> int:
    """How often something happens that happens `mean` times on average."""
    if mean > 50:
        return max(0, round(lots.gauss(mean, mean**0.5)))
    count, rest = 0, lots.expovariate(1.0)
    while rest < mean:
        count += 1
        rest += lots.expovariate(1.0)
    return count
