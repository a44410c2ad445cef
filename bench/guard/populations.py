"""Legitimate people who write by hand: in offices, on the road, on phones, at home."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.guard.clock import DAY, HOUR, midnight
from bench.guard.letters import Event, Rates
from bench.guard.networks import Daily, Fixed, Home, Mobile, Place, Turns, Vpn
from bench.guard.people import SERVER, Device, Person, address, desk, phone
from bench.guard.senders import SENDERS
from mailstead.mailplane.guard import acts

IMPORTED = Rates(bounced=0.05, refused=0.01, deferred=0.06)
"""An address book that has lain for years: one in twenty has moved on."""


class OfficeWorker(Person):
    """A desk at work, a phone, a machine at home."""

    kind = "office worker"
    daily = (2.0, 20.0)


class Traveller(Person):
    """Away for days at a time: hotels and carriers of other countries, the usual recipients."""

    kind = "traveller"
    daily = (1.5, 15.0)
    mean = (3.0, 14.0)
    weekends = 0.5

    def settle(self) -> None:
        super().settle()
        self._away_until, self._hotel, self._roaming = -1, self.home, self.mobile
        self._next = self.lots.randint(1, 12)

    def day(self, day: int) -> list[Event]:
        lots = self.lots
        if day == self._next:
            self._away_until = day + lots.randint(2, 9)
            self._next = self._away_until + lots.randint(4, 20)
            self._roaming = Mobile(lots.choice(self.region.carriers_abroad), lots)
        if day < self._away_until and (day == self._next or lots.random() < 0.5):
            # Another town, another hotel: every second day.
            self._hotel = Fixed(lots.choice(self.region.abroad).four(lots))
        away = day < self._away_until
        there = Turns([self._hotel, self._roaming], lots, 0.6)
        daily = Daily(self.office, self.home, self.mobile, lots)
        self.devices[1].place = there if away else daily
        self.devices[2].place = there if away else self.home  # the machine at home is a laptop
        return super().day(day)

    def device(self, at: float) -> Device:
        away = (at - midnight(0)) // DAY < self._away_until
        return self.lots.choice(self.devices[1:]) if away else super().device(at)

    def reachable(self, device: Device, at: float) -> bool:
        away = (at - midnight(0)) // DAY < self._away_until
        return device is not self.devices[0] if away else super().reachable(device, at)


class NewPhone(Person):
    """A home user; on some day a phone comes, and from then on it writes most."""

    kind = "new phone"
    daily = (0.5, 8.0)
    mean = (1.0, 6.0)
    weekends = 1.0

    def settle(self) -> None:
        self.devices = [desk(self.lots, self.home)]
        self._bought = self.lots.randint(5, 25)

    def day(self, day: int) -> list[Event]:
        if day == self._bought:
            self.devices.append(phone(self.lots, self.mobile))
        return super().day(day)

    def device(self, at: float) -> Device:
        return self.devices[-1] if self.lots.random() < 0.7 else self.devices[0]


class SharedOffice(Person):
    """A company: all its mailboxes behind one address, a fifth of the mail to each other."""

    kind = "shared office"
    daily = (3.0, 26.0)
    mean = (5.0, 25.0)

    def own_domain(self, seed: str) -> str:
        return f"company.{SERVER}"

    def settle(self) -> None:
        # The same lots for all of them: one line, one domain, the colleagues in the book.
        common = random.Random(f"{self.region.exits[0]}/company")
        self.office = Fixed(self.region.offices[0].four(common))
        for number in range(20):
            self.book.insert(number * 2, f"sharedoffice{number}@{self.domain}")
        self.known.update(self.book)
        super().settle()


class ForgottenPassword(OfficeWorker):
    """Forgets the password, sets another one on the web, enters it on every device at once."""

    kind = "forgotten password"

    def settle(self) -> None:
        super().settle()
        self._day = self.lots.randint(4, 27)

    def day(self, day: int) -> list[Event]:
        events = super().day(day)
        if day != self._day:
            return events
        lots = self.lots
        lost = midnight(day) + lots.uniform(8.5, 14.0) * HOUR
        found = lost + lots.uniform(0.2, 4.0) * HOUR
        self.breached = False
        quiet = [one for one in events if not lost <= one.at < found]
        web = acts.SignIn(found, self.mailbox, "web", self.mobile.address(found), "", False)
        again = [
            self.sign_in(found + lots.uniform(20, 900), device, protocol)
            for device in self.devices
            for protocol in (device.reads or "imap", "smtp")
        ]
        # What could not be sent lies in the outbox and goes at once.
        outbox = [
            one
            for number in range(lots.randint(1, 4))
            for one in self.write(found + 900 + 5.0 * number, self.devices[0])
        ]
        return [*quiet, web, *again, *outbox]


class NewCustomer(Person):
    """No history: signs up, imports the address book, tells everybody the new address."""

    kind = "new customer"
    daily = (0.5, 14.0)
    mean = (1.5, 8.0)
    weekends = 0.7

    def settle(self) -> None:
        lots = self.lots
        self._first = lots.randint(0, 14)
        self.opened = midnight(self._first) + lots.uniform(9.0, 19.0) * HOUR
        self.known.clear()
        self._told = self._first + lots.randint(0, 4)
        self.devices = [desk(lots, self.home), phone(lots, Turns([self.home, self.mobile], lots))]

    def day(self, day: int) -> list[Event]:
        if day < self._first:
            return []
        events = [one for one in super().day(day) if one.at > self.opened]
        if day == self._told:
            events += self._tell(max(self.moment(day), self.opened + HOUR))
        return events

    def _tell(self, at: float) -> Iterator[Event]:
        lots = self.lots
        some = self.book[: lots.randint(30, 150)]
        # In blind copies of ten to thirty, as guides for moving advise.
        step = lots.randint(10, 30)
        batches = [some[start : start + step] for start in range(0, len(some), step)]
        text = self.template(size=4_000, score=1.0)
        pause = (30.0, 240.0)
        yield from self.send(at, self.devices[0], batches, text, pause=pause, fresh=IMPORTED)


class TwoLines(OfficeWorker):
    """An office with two providers that share the load: each connection takes one of them."""

    kind = "two providers"

    def settle(self) -> None:
        lots = self.lots
        second: Place = Fixed(self.region.homes[0].four(lots))
        self.office = Turns([self.office, second, self.mobile], lots, 0.5)
        super().settle()


class DualStack(Person):
    """At home, IPv6 with another private address each day, IPv4 now and then."""

    kind = "dual-stack home"
    daily = (1.0, 12.0)
    mean = (2.0, 10.0)
    weekends = 0.8
    six = 1.0

    def settle(self) -> None:
        self.devices = [desk(self.lots, self.home), phone(self.lots, self.home)]


class MobileWorker(Person):
    """Writes from the phone all day; the carrier's address is another one every hour."""

    kind = "mobile worker"
    daily = (6.0, 32.0)
    mean = (10.0, 30.0)

    def settle(self) -> None:
        self.devices = [phone(self.lots, self.mobile)]


class ReceiveOnly(Person):
    """Reads for weeks and never writes; then a new laptop, and the first messages."""

    kind = "reads, then a new laptop"
    daily = (0.0, 2.5)
    mean = (0.5, 2.0)
    weekends = 0.7
    strangers = 0.2

    def settle(self) -> None:
        lots = self.lots
        self.known.clear()
        self.devices = [phone(lots, Turns([self.home, self.mobile], lots))]
        self.devices[0].reads = "imap" if lots.random() < 0.7 else "pop3"
        self._bought = lots.randint(6, 26)

    def day(self, day: int) -> list[Event]:
        if day == self._bought:
            elsewhere = Home(self.lots.choice(self.region.homes), self.lots)
            at_a_friends = self.lots.random() < 0.3  # who sets the laptop up for them
            self.devices.append(desk(self.lots, elsewhere if at_a_friends else self.home))
        return super().day(day)

    def writes(self, day: int) -> Iterator[Event]:
        if day >= self._bought:
            yield from super().writes(day)

    def device(self, at: float) -> Device:
        return self.devices[-1]


class WebmailUser(Person):
    """Writes in the webmail: every message comes from the node's own address."""

    kind = "webmail user"
    daily = (1.0, 12.0)
    mean = (2.0, 10.0)
    weekends = 0.6

    def settle(self) -> None:
        self.devices = [Device("Roundcube Webmail", "localhost", Fixed("127.0.0.1"))]


class VpnUser(Person):
    """All connections through a VPN: hired servers, another country every few hours."""

    kind = "VPN user"
    daily = (1.0, 12.0)
    mean = (2.0, 10.0)
    weekends = 0.8

    def settle(self) -> None:
        lots = self.lots
        vpn = Vpn(self.region, lots)
        # The tunnel is off at times, or starts after the mail program.
        self.devices = [desk(lots, Turns([vpn, self.home], lots, 0.9)), phone(lots, vpn)]

    def device(self, at: float) -> Device:
        return self.lots.choice(self.devices)


class Invitation(Person):
    """A private person who once invites to a feast or announces a move: everybody in the book."""

    kind = "private invitation"
    daily = (0.5, 8.0)
    mean = (1.0, 5.0)
    weekends = 1.0

    def settle(self) -> None:
        lots = self.lots
        self.devices = [desk(lots, self.home), phone(lots, Turns([self.home, self.mobile], lots))]
        self._feast = lots.randint(1, 28)

    def day(self, day: int) -> list[Event]:
        events = super().day(day)
        if day == self._feast:
            lots = self.lots
            known = lots.sample(self.book, min(len(self.book), lots.randint(25, 60)))
            guests = known + [address(lots) for _ in range(lots.randint(5, 50))]
            lots.shuffle(guests)
            step = lots.choice((1, 10, 25, len(guests)))
            batches = [guests[start : start + step] for start in range(0, len(guests), step)]
            text = self.template(size=400_000, score=0.8)
            events += self.send(self.moment(day), self.devices[0], batches, text, pause=(5.0, 90.0))
        return events


POPULATIONS: tuple[type[Person], ...] = (
    OfficeWorker,
    Traveller,
    NewPhone,
    SharedOffice,
    ForgottenPassword,
    NewCustomer,
    TwoLines,
    DualStack,
    MobileWorker,
    ReceiveOnly,
    WebmailUser,
    VpnUser,
    Invitation,
    *SENDERS,
)
"""In the order of the table; each has the same share of a simulated server."""

KINDS: dict[str, type[Person]] = {one.kind: one for one in POPULATIONS}
