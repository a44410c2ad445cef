"""Attacks: somebody has the right password of a mailbox and sends through it, beside its owner.

The password is right at the first try. An attack is an iterator of events in order, made lazily; it
does not look at what the guard answers: a bot whose message is not taken goes on with the next one.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from typing import ClassVar

from bench.guard.botnet import Botnet
from bench.guard.campaign import Bot, Campaign
from bench.guard.clock import HOUR, hour
from bench.guard.letters import Event
from bench.guard.networks import Region
from bench.guard.people import Person
from mailstead.mailplane.guard import acts

TRIED_BEFORE = 0.5
"""Of attacks whose bots sign in without sending first, to see that the password is right."""
TRIED_HOURS = (0.2, 12.0)
"""Between that and the first message."""


class Attack:
    """One campaign through one mailbox or several."""

    name: ClassVar[str] = ""
    accounts: ClassVar[int] = 1
    days: ClassVar[float] = 1.0
    """It ends then, caught or not."""
    bots: ClassVar[tuple[int, int]] = (100, 300)
    recipients: ClassVar[tuple[int, int]] = (1, 10)
    """In each message: an attack's own number is drawn from this."""
    pause: ClassVar[tuple[float, float]] = (60.0, 600.0)
    """Mean seconds between messages: an attack's own mean is drawn from this."""
    at_most: ClassVar[int] = 2_000
    """Messages through each mailbox: lists end, bots are hired by the hour."""
    takes: ClassVar[float] = 0.5
    """Seconds at least from one message to the next: connection, sign-in, DATA."""
    by_hand: ClassVar[bool] = False
    """Only mailboxes of people who write by hand are of use for it."""

    def __init__(
        self, victims: Sequence[Person], botnet: Botnet, region: Region, lots: random.Random
    ) -> None:
        self.victims, self.lots, self.region = victims, lots, region
        self.campaign = Campaign(lots)
        addresses = self.clients(botnet)
        self._bots = [self.campaign.bot(address) for address in addresses]
        self._each = lots.randint(*self.recipients)
        self._mean = lots.uniform(*self.pause)

    def clients(self, botnet: Botnet) -> list[str]:
        """Where the bots are."""
        return botnet.draw(self.lots.randint(*self.bots), self.lots)

    def turns(self, start: float) -> dict[str, float]:
        """When the attack on each mailbox begins, if the first may from `start` on."""
        return {one.mailbox: self.begins(start, number) for number, one in enumerate(self.victims)}

    def events(self, turns: dict[str, float]) -> Iterator[Event]:
        """All of the attack."""
        each = [self.through(one, turns[one.mailbox]) for one in self.victims]
        return heapq.merge(*each, key=lambda event: event.at)

    def begins(self, start: float, number: int) -> float:
        """When the victim of that number has its turn."""
        return start

    def through(self, victim: Person, at: float) -> Iterator[Event]:
        """What goes through one mailbox."""
        if self.lots.random() < TRIED_BEFORE:
            yield self.sign_in(victim, at, self.bot())
            at += self.lots.uniform(*TRIED_HOURS) * HOUR
        for _ in range(self.at_most):
            at = self.next(at)
            yield from self.message(victim, at)

    def next(self, at: float) -> float:
        """When the next message comes."""
        return at + self.takes + self.lots.expovariate(1.0 / self._mean)

    def bot(self) -> Bot:
        """Who sends next."""
        return self.lots.choice(self._bots)

    def message(self, victim: Person, at: float) -> Iterator[Event]:
        """One message in a connection of its own."""
        bot = self.bot()
        yield self.sign_in(victim, at, bot)
        yield from self.campaign.letter(victim, at + 0.3, bot, self.campaign.bought(self._each))

    def sign_in(
        self, victim: Person, at: float, bot: Bot, protocol: acts.Protocol = "smtp"
    ) -> acts.SignIn:
        return acts.SignIn(at, victim.mailbox, protocol, bot.client, "", victim.breached)


class FastBlast(Attack):
    """As many messages as go through, from one network, in connections of fifty."""

    name = "fast blast, one network"
    days = 0.8
    bots = (1, 3)
    recipients = (1, 50)
    pause = (0.3, 3.0)
    takes = 0.02
    at_most = 1_500

    def clients(self, botnet: Botnet) -> list[str]:
        lots = self.lots
        street = lots.choice(self.region.abroad).street(lots)  # a hired server or two
        if lots.random() < 0.5:
            street = botnet.draw(1, lots)[0].rpartition(".")[0]
        hosts = lots.sample(range(1, 255), lots.randint(*self.bots))
        return [f"{street}.{host}" for host in hosts]

    def message(self, victim: Person, at: float) -> Iterator[Event]:
        bot = self.bot()
        if self.lots.random() < 0.02:
            yield self.sign_in(victim, at, bot)
        yield from self.campaign.letter(victim, at + 0.01, bot, self.campaign.bought(self._each))

    def through(self, victim: Person, at: float) -> Iterator[Event]:
        yield self.sign_in(victim, at, self.bot())
        yield from super().through(victim, at + 0.2)


class SlowAndLow(Attack):
    """A message every few minutes, each from another residential address."""

    name = "slow and low, many networks"
    days = 2.0
    bots = (150, 400)


class Snowshoe(Attack):
    """One campaign through six mailboxes at once, a little through each."""

    name = "snowshoe, six accounts"
    accounts = 6
    days = 2.0
    bots = (60, 150)
    recipients = (1, 5)
    pause = (600.0, 1_800.0)


class OneRecipient(Attack):
    """One recipient in each message, several messages a minute."""

    name = "one recipient a message"
    days = 1.0
    bots = (20, 80)
    recipients = (1, 1)
    pause = (5.0, 40.0)


class WarmUp(Attack):
    """Two messages on the first day, nearly twice as many each day, from a few steady bots."""

    name = "gentle warm-up"
    days = 9.0
    bots = (3, 6)
    recipients = (1, 2)
    grows: ClassVar[float] = 1.8

    def through(self, victim: Person, at: float) -> Iterator[Event]:
        lots, today = self.lots, 2.0
        for day in range(9):
            # In the hours of the day when the owner writes too.
            hours = sorted(lots.triangular(0.0, 12.0) for _ in range(round(today)))
            before = 0.0
            for each in hours:
                before = max(before + self.takes, at + (24.0 * day + each) * HOUR)
                yield from self.message(victim, before)
            today *= self.grows


class NightOnly(Attack):
    """Between half past midnight and five, night after night."""

    name = "night only"
    days = 5.3
    bots = (40, 100)
    recipients = (1, 5)
    pause = (120.0, 400.0)

    def begins(self, start: float, number: int) -> float:
        return start + ((24.5 - hour(start)) % 24.0) * HOUR

    def through(self, victim: Person, at: float) -> Iterator[Event]:
        for night in range(5):
            now = at + 24.0 * HOUR * night
            until = now + 4.5 * HOUR
            while (now := self.next(now)) < until:
                yield from self.message(victim, now)


class ReplyChain(Attack):
    """Reads the mailbox first, then answers its correspondents in their own threads."""

    name = "reply-chain to known people"
    days = 1.0
    bots = (1, 4)
    pause = (20.0, 240.0)
    at_most = 120
    by_hand = True

    def through(self, victim: Person, at: float) -> Iterator[Event]:
        lots = self.lots
        for _ in range(lots.randint(2, 5)):
            yield self.sign_in(victim, at, self.bot(), "imap")
            at += lots.uniform(60.0, 1_800.0)
        for _ in range(min(self.at_most, len(victim.book))):
            at = self.next(at)
            bot = self.bot()
            yield self.sign_in(victim, at, bot)
            some = tuple(dict.fromkeys(lots.choices(victim.book, k=lots.randint(1, 2))))
            yield from self.campaign.answer(victim, at + 0.3, bot, some)


class Burst(Attack):
    """Six mailboxes of one server one after the other within a day, the same campaign."""

    name = "burst over six accounts"
    accounts = 6
    days = 1.5
    bots = (150, 300)
    pause = (20.0, 120.0)
    at_most = 600

    def begins(self, start: float, number: int) -> float:
        return start + number * 4.0 * HOUR + self.lots.uniform(0.0, 1.0) * HOUR

    def through(self, victim: Person, at: float) -> Iterator[Event]:
        for _ in range(self.at_most):
            at = self.next(at)
            yield from self.message(victim, at)


ATTACKS: tuple[type[Attack], ...] = (
    FastBlast,
    SlowAndLow,
    Snowshoe,
    OneRecipient,
    WarmUp,
    NightOnly,
    ReplyChain,
    Burst,
)
"""In the order of the table."""
