"""What an attacker sends: one text with variations, to a bought list, by bots of one make."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bench.guard.letters import Event, Pen, Rates, Text
from bench.guard.people import FREE, Person
from mailstead.mailplane.guard import acts

BOUNCED = (0.06, 0.25)
"""Of a bought list: the addresses are years old and were sold often."""
REFUSED = (0.03, 0.15)
"""For what it is: receivers' filters refuse a known campaign at once, a new one later."""
DEFERRED = (0.05, 0.15)
"""Greylisting, and receivers that slow an unusual sender down."""
UNKNOWN_HERE = (0.0, 0.03)
"""Of the list in the victim's own domain or on its server, and guessed: refused at RCPT."""
COMPLAINTS = 0.002
"""Of recipients who press the button; of those at providers that tell."""
SCORES = (1.5, 7.0)
"""A campaign's mean score: for a signed-in user the filter leaves out most of its tests."""
SPREAD = 2.0
VARIED = (0, 6)
"""Bits of the body's number: words are exchanged, a link and a name differ."""
SUBJECTS = (1, 4)
"""Different ones in a campaign."""
FOREIGN_FROM = 0.4
"""Of campaigns with somebody else in the header From."""
SIZES = (1_500, 9_000)
LARGE_FREE = 0.6
"""Of a bought list at the large free providers."""
CORRESPONDENTS = Rates(bounced=0.03, refused=0.05, deferred=0.03, complaint=0.003)
"""A mailbox's own correspondents, old ones among them; a few look and complain."""
ANSWER_SCORE = 1.5
"""A quoted thread of honest mail around a link hides it well."""


@dataclass(frozen=True, slots=True)
class Bot:
    """One infected machine."""

    client: str
    helo: str


class Campaign:
    """The same for all mailboxes that it goes through."""

    def __init__(self, lots: random.Random) -> None:
        self._lots = lots
        self._subjects = [lots.getrandbits(64) for _ in range(lots.randint(*SUBJECTS))]
        self._text = Text(
            subject=0,
            body=lots.getrandbits(64),
            flips=VARIED,
            size=lots.randint(*SIZES),
            score=lots.uniform(*SCORES),
            spread=SPREAD,
            author=f"news@d{lots.randrange(30_000)}.example"
            if lots.random() < FOREIGN_FROM
            else "",
        )
        self._rates = Rates(
            bounced=lots.uniform(*BOUNCED),
            refused=lots.uniform(*REFUSED),
            deferred=lots.uniform(*DEFERRED),
            complaint=COMPLAINTS,
        )
        self._unknown = lots.uniform(*UNKNOWN_HERE)
        self._helo = lots.choice(("word", "literal", "machine", "host"))
        self._pens: dict[str, Pen] = {}

    def bot(self, client: str) -> Bot:
        """One at that address; a make of bots says one kind of name at EHLO."""
        lots = self._lots
        kinds = {
            "word": "User",
            "literal": f"[{client}]",
            "machine": f"WIN-{lots.getrandbits(40):010X}",
            "host": f"host{lots.randrange(10_000)}.d{lots.randrange(30_000)}.example",
        }
        return Bot(client, kinds[self._helo])

    def bought(self, count: int) -> tuple[str, ...]:
        """The next recipients of the list."""
        lots = self._lots
        return tuple(
            f"b{lots.getrandbits(40):x}@"
            + (
                lots.choice(FREE)
                if lots.random() < LARGE_FREE
                else f"d{lots.randrange(30_000)}.example"
            )
            for _ in range(count)
        )

    def letter(
        self, victim: Person, at: float, bot: Bot, recipients: Sequence[str]
    ) -> Iterator[Event]:
        """A message of the campaign, before it the recipients that are refused at RCPT."""
        lots = self._lots
        wrong = [one for one in recipients if lots.random() < self._unknown]
        for one in wrong:
            local = f"{one.partition('@')[0]}@{victim.domain}"
            yield acts.Outcome(at, victim.mailbox, local, "unknown")
        rest = [one for one in recipients if one not in wrong]
        if rest:
            text = replace(self._text, subject=lots.choice(self._subjects))
            yield self._pen(victim).letter(at, bot.client, bot.helo, rest, text, self._rates)

    def answer(
        self, victim: Person, at: float, bot: Bot, recipients: Sequence[str]
    ) -> Iterator[Event]:
        """A message in a thread of the recipient: the thread's subject, the campaign's text."""
        subject = self._lots.getrandbits(64)
        text = replace(self._text, subject=subject, score=ANSWER_SCORE, author="")
        rates = CORRESPONDENTS
        yield self._pen(victim).letter(at, bot.client, bot.helo, recipients, text, rates)

    def _pen(self, victim: Person) -> Pen:
        if victim.mailbox not in self._pens:
            self._pens[victim.mailbox] = Pen(victim.mailbox, self._lots, stolen=True)
        return self._pens[victim.mailbox]
