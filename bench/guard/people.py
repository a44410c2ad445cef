"""A person with a mailbox: devices, habits, an address book. The populations are kinds of these.

A person's acts come day by day and lazily; the same seed gives the same life. Rates are chosen
from what mail operators see in their logs, each with its reason; none is fitted to a detector.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from bench.guard.clock import DAY, HOUR, at_work, midnight, weekend
from bench.guard.letters import Event, Letter, Opened, Pen, Rates, Text, poisson, varied
from bench.guard.networks import Daily, Fixed, Home, Mobile, Place, Region
from mailstead.mailplane.guard import acts

KNOWN = Rates(bounced=0.001, refused=0.002, deferred=0.005)
"""People written to before: a full mailbox, somebody who has left, a server that is down."""
NEW = Rates(bounced=0.02, refused=0.004, deferred=0.05)
"""People not written to before: mistyped, outdated; greylisting defers the first message."""
STRANGERS = 0.08
"""Of an ordinary person's recipients, never written to before."""
MISTYPED = 0.002
"""Of letters with a local recipient that does not exist: a colleague's name typed wrongly."""
BREACHED = 0.05
"""Of passwords known from lists that nobody abuses: lists hold a billion, reuse is common."""
ONE_SCREEN = (18, 34)
"""Bits in which a person's own texts differ: unrelated ones differ in 32, a signature is alike."""
SPAMMY = 0.001
"""Of ordinary letters that the filter marks all the same: links, capitals, a forwarded spam."""
BOOK = (40, 250)
"""Correspondents before the simulation begins."""
AGE_DAYS = (200.0, 3_000.0)
"""Age of an account that is there already."""
MAILERS = ("Thunderbird", "Outlook", "Apple Mail", "eM Client", "Evolution")
PHONES = ("iPhone Mail", "Gmail for Android", "K-9 Mail", "Samsung Email", "Outlook for iOS")
FREE_SHARE = 0.45
"""Of recipients at the few large free providers."""
FREE = ("freepost.example", "largemail.example", "onebox.example")
SERVER = "hosted.example"
"""The suffix of all hosted domains."""


def address(lots: random.Random) -> str:
    """Somebody's, somewhere."""
    domain = (
        lots.choice(FREE) if lots.random() < FREE_SHARE else f"d{lots.randrange(30_000)}.example"
    )
    return f"p{lots.getrandbits(36):x}@{domain}"


@dataclass
class Device:
    """A program on a machine, and where the machine is."""

    name: str
    """What it says over IMAP; SMTP has no word for it."""
    helo: str
    place: Place
    reads: acts.Protocol | None = "imap"
    """How it fetches mail; None: it only sends."""


def desk(lots: random.Random, place: Place) -> Device:
    """A desktop program; says its host name or its private address at EHLO."""
    literal = f"[192.168.{lots.randrange(3)}.{lots.randrange(2, 250)}]"
    host = f"DESKTOP-{lots.getrandbits(28):07X}"
    pop = lots.random() < 0.08  # few still fetch by POP3, mostly at a desk
    helo = literal if lots.random() < 0.5 else host
    return Device(lots.choice(MAILERS), helo, place, "pop3" if pop else "imap")


def phone(lots: random.Random, place: Place) -> Device:
    """A phone; most say a fixed word, some a private address."""
    name = lots.choice(PHONES)
    helo = "smtpclient.apple" if name == "iPhone Mail" else f"[10.{lots.randrange(256)}.0.2]"
    return Device(name, helo, place)


class Person:
    """Somebody who writes mail by hand, at work and at home. `number` is of the population."""

    kind: ClassVar[str] = ""
    daily: ClassVar[tuple[float, float]] = (0.0, 1e9)
    """Messages a day that an account sends on average over weeks: all of the kind are within."""
    mean: ClassVar[tuple[float, float]] = (4.0, 20.0)
    """Messages on a weekday: an account's own mean is drawn from this."""
    weekends: ClassVar[float] = 0.15
    """Of a weekday's messages on a day of the weekend."""
    strangers: ClassVar[float] = STRANGERS
    hours: ClassVar[tuple[float, float, float]] = (7.5, 10.5, 21.0)
    """First, busiest and last hour of writing."""
    six: ClassVar[float] = 0.35
    """Of homes with dual stack."""

    def __init__(self, region: Region, seed: str, number: int) -> None:
        name = type(self).__name__.lower()
        self.lots = lots = random.Random(f"{seed}/{name}/{number}")
        self.region = region
        self.number = number
        self.domain = self.own_domain(seed)
        self.mailbox = f"{name}{number}@{self.domain}"
        self.opened = midnight(0) - lots.uniform(*AGE_DAYS) * DAY
        self.breached = lots.random() < BREACHED
        self.book = [address(lots) for _ in range(lots.randint(*BOOK))]
        self.known = set(self.book)
        self.rate = lots.uniform(*self.mean)
        self.pen = Pen(self.mailbox, lots)
        self.hand = Text(0, lots.getrandbits(64), ONE_SCREEN, 18_000, 0.4)
        self.home: Place = Home(lots.choice(region.homes), lots, six=lots.random() < self.six)
        self.office: Place = Fixed(lots.choice(region.offices).four(lots))
        self.mobile: Place = Mobile(lots.choice(region.carriers), lots)
        self.devices: list[Device] = []
        self.settle()

    def own_domain(self, seed: str) -> str:
        return f"{type(self).__name__.lower()}{self.number}.{SERVER}"

    def settle(self) -> None:
        """The devices; here a desk at work, and a phone."""
        lots = self.lots
        daily = Daily(self.office, self.home, self.mobile, lots)
        self.devices = [
            desk(lots, self.office),
            phone(lots, daily),
            desk(lots, self.home),
        ]

    # A life, day by day.

    def events(self, days: int) -> Iterator[Event]:
        """All of `days` days, in order."""
        yield Opened(self.opened, self.mailbox)
        waiting: list[Event] = []
        for day in range(days):
            waiting += self.day(day)
            waiting.sort(key=_at)
            until = midnight(day + 1)
            split = next((n for n, one in enumerate(waiting) if one.at >= until), len(waiting))
            yield from waiting[:split]
            waiting = waiting[split:]
        yield from waiting

    def day(self, day: int) -> list[Event]:
        """What happens on one day, in any order."""
        return [*self.reads(day), *self.writes(day)]

    def reads(self, day: int) -> Iterator[Event]:
        """Sign-ins to fetch mail."""
        lots = self.lots
        for device in self.devices:
            if device.reads is None:
                continue
            # Programs keep a connection for hours; a phone makes a new one with each network.
            for _ in range(lots.randint(1, 5)):
                at = midnight(day) + lots.uniform(7.0, 22.5) * HOUR
                if self.reachable(device, at):
                    yield self.sign_in(at, device, device.reads)

    def writes(self, day: int) -> Iterator[Event]:
        """Messages written by hand."""
        mean = self.rate * (self.weekends if weekend(day) else 1.0)
        for _ in range(poisson(mean, self.lots)):
            yield from self.write(self.moment(day))

    def moment(self, day: int) -> float:
        first, busiest, last = self.hours
        return midnight(day) + self.lots.triangular(first, last, busiest) * HOUR

    def reachable(self, device: Device, at: float) -> bool:
        """Whether its owner is with it: a desk at work is alone in the evening."""
        return len(self.devices) < 3 or device is not self.devices[0] or at_work(at)

    def device(self, at: float) -> Device:
        """What a message at `at` is written on."""
        if at_work(at) and self.lots.random() < 0.9:
            return self.devices[0]
        return self.lots.choice(self.devices[1:] or self.devices)

    # Acts.

    def sign_in(self, at: float, device: Device, protocol: acts.Protocol) -> acts.SignIn:
        name = "" if protocol == "smtp" else device.name
        client = device.place.address(at)
        return acts.SignIn(at, self.mailbox, protocol, client, name, self.breached)

    def write(self, at: float, device: Device | None = None) -> Iterator[Event]:
        """One message by hand, to one or a few people, mostly known ones."""
        lots = self.lots
        device = device or self.device(at)
        count = 1 if lots.random() < 0.75 else lots.randint(2, 5)
        recipients = tuple(dict.fromkeys(self.somebody() for _ in range(count)))
        if lots.random() < MISTYPED:
            yield acts.Outcome(at + 0.5, self.mailbox, f"{lots.random()}@{self.domain}", "unknown")
        spam = 7.0 if lots.random() < SPAMMY else self.hand.score
        text = replace(self.hand, subject=lots.getrandbits(64), score=spam)
        # Attachments make sizes: most messages are small, a few are large.
        text = replace(text, size=int(lots.lognormvariate(9.5, 1.2)))
        yield from self.send(at, device, [recipients], text)

    def somebody(self) -> str:
        """A recipient: the first in the book are written to most."""
        lots = self.lots
        if lots.random() < self.strangers:
            new = address(lots)
            self.book.insert(lots.randrange(len(self.book) + 1), new)
            return new
        return self.book[int(len(self.book) * lots.random() ** 2.5)]

    def send(
        self,
        at: float,
        device: Device,
        envelopes: Sequence[Sequence[str]],
        text: Text,
        *,
        pause: tuple[float, float] = (0.3, 2.0),
        session: int = 20,
        fresh: Rates = NEW,
    ) -> Iterator[Event]:
        """Messages one after the other, `session` in each connection."""
        client = ""
        for number, recipients in enumerate(envelopes):
            at += self.lots.uniform(*pause)
            if number % session == 0:
                sign_in = self.sign_in(at, device, "smtp")
                client = sign_in.client
                yield sign_in
                at += self.lots.uniform(0.05, 0.3)
            yield self.letter(at, client, device.helo, recipients, text, fresh)

    def letter(
        self,
        at: float,
        client: str,
        helo: str,
        recipients: Sequence[str],
        text: Text,
        fresh: Rates,
    ) -> Letter:
        letter = self.pen.letter(at, client, helo, recipients, text, fresh, KNOWN, self.known)
        self.known.update(recipients)
        return letter

    def template(
        self, *, size: int, score: float, flips: tuple[int, int] = (0, 4), author: str = ""
    ) -> Text:
        """A text that many messages are made after."""
        lots = self.lots
        body = varied(lots.getrandbits(64), (0, 0), lots)
        return Text(lots.getrandbits(64), body, flips, size, score, 0.7, author)


def _at(event: Event) -> float:
    return event.at
