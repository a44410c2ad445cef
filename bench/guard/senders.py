"""Legitimate mailboxes that send to many, or by machine: clubs, schools, shops, cron jobs."""

from __future__ import annotations

from collections.abc import Iterator

from bench.guard.clock import HOUR, at_work, midnight, weekend
from bench.guard.letters import Event, Rates, poisson
from bench.guard.networks import Fixed, Place, Turns
from bench.guard.people import Device, Person, address, desk, phone

MEMBERS = Rates(bounced=0.008, refused=0.003, deferred=0.03, complaint=0.0001)
"""A club's list: kept by hand, members leave and do not say so; hardly anybody calls it spam."""
PARENTS = Rates(bounced=0.025, refused=0.004, deferred=0.03, complaint=0.0001)
"""Written on paper and typed by a secretary: one in forty is wrong."""
BUYERS = Rates(bounced=0.012, refused=0.004, deferred=0.04, complaint=0.0002)
"""Typed by the buyers themselves; a receipt is rarely called spam."""
CLIENTS = Rates(bounced=0.004, refused=0.003, deferred=0.02)
"""An accountant's clients: in use all year."""
LEFT_AND_JOINED = 0.02
"""Of a club's list from month to month."""
NEW_PARENTS = 0.3
"""Of a school's list from term to term: a new year, other addresses."""


class Club(Person):
    """A little mail by hand; once in 30 days the newsletter to 200 to 800 members, from home."""

    kind = "club newsletter"
    daily = (0.3, 32.0)
    mean = (0.5, 3.0)
    weekends = 1.0

    def settle(self) -> None:
        lots = self.lots
        self.devices = [desk(lots, self.home), phone(lots, Turns([self.home, self.mobile], lots))]
        self.list = [address(lots) for _ in range(lots.randint(200, 800))]
        self._on = lots.randrange(30)
        # Either an add-on sends each member a message, or blind copies go in batches.
        self._step = lots.choice((1, 1, 20, 50))

    def day(self, day: int) -> list[Event]:
        events = super().day(day)
        if day % 30 == self._on:
            events += self._newsletter(midnight(day) + self.lots.uniform(16.0, 21.0) * HOUR)
        return events

    def _newsletter(self, at: float) -> Iterator[Event]:
        lots = self.lots
        changed = int(len(self.list) * LEFT_AND_JOINED)
        for place in lots.sample(range(len(self.list)), changed):
            self.list[place] = address(lots)
        step = self._step
        batches = [self.list[at : at + step] for at in range(0, len(self.list), step)]
        text = self.template(size=90_000, score=2.0, flips=(0, 2))
        pause = (1.0, 4.0) if step == 1 else (20.0, 120.0)
        yield from self.send(at, self.devices[0], batches, text, pause=pause, fresh=MEMBERS)


class School(Person):
    """A school's office: a class's parents each week, and in every 30 days one letter to all."""

    kind = "school mail merge"
    daily = (3.0, 32.0)
    mean = (3.0, 10.0)
    weekends = 0.0

    def settle(self) -> None:
        super().settle()
        lots = self.lots
        self.parents = [address(lots) for _ in range(lots.randint(200, 600))]
        # A third has been written to in earlier terms; a guard that starts now knows nobody.
        self.known.update(self.parents[::3])
        self._on = lots.randrange(30)
        self._class_on = lots.randrange(5)

    def day(self, day: int) -> list[Event]:
        events, lots = super().day(day), self.lots
        on = self._on - self._on % 7 if weekend(self._on) else self._on
        if day % 30 == on % 30 and not weekend(day):
            for place in lots.sample(
                range(len(self.parents)), int(len(self.parents) * NEW_PARENTS)
            ):
                self.parents[place] = address(lots)
            events += self._merge(day, self.parents)
        elif day % 7 == self._class_on:
            start = lots.randrange(len(self.parents) - 30)
            events += self._merge(day, self.parents[start : start + lots.randint(20, 30)])
        return events

    def _merge(self, day: int, parents: list[str]) -> Iterator[Event]:
        at = midnight(day) + self.lots.uniform(9.0, 15.0) * HOUR
        text = self.template(size=45_000, score=0.8, flips=(0, 4))
        batches = [(one,) for one in parents]
        yield from self.send(
            at, self.devices[0], batches, text, pause=(0.8, 8.0), session=50, fresh=PARENTS
        )


class Shop(Person):
    """A shop's program: one message an order to a new recipient, three templates, one server."""

    kind = "shop notifications"
    daily = (15.0, 130.0)
    mean = (20.0, 120.0)
    weekends = 0.8
    hours = (0.0, 20.0, 24.0)

    def settle(self) -> None:
        lots = self.lots
        server: Place = Fixed(lots.choice(self.region.hosting).four(lots))
        self.devices = [Device("", f"web{lots.randrange(90)}.{self.domain}", server, None)]
        self._reader = phone(lots, self.home)
        self._templates = [
            self.template(size=30_000, score=1.0, flips=(0, 5), author=f"shop@{self.domain}")
            for _ in range(3)
        ]

    def reads(self, day: int) -> Iterator[Event]:
        # Only the owner looks into the mailbox, from home.
        for _ in range(self.lots.randint(0, 2)):
            at = midnight(day) + self.lots.uniform(8.0, 22.0) * HOUR
            yield self.sign_in(at, self._reader, "imap")

    def writes(self, day: int) -> Iterator[Event]:
        lots = self.lots
        mean = self.rate * (self.weekends if weekend(day) else 1.0)
        for _ in range(poisson(mean, lots)):
            text = lots.choices(self._templates, (5, 4, 1))[0]
            at = self.moment(day)
            yield from self.send(at, self.devices[0], [(address(lots),)], text, fresh=BUYERS)


class Cron(Person):
    """A machine that reports: at fixed times, one template, to one or two people."""

    kind = "cron jobs"
    daily = (2.0, 50.0)
    mean = (3.0, 48.0)
    weekends = 1.0

    def settle(self) -> None:
        lots = self.lots
        server: Place = Fixed(lots.choice(self.region.hosting).four(lots))
        self.devices = [Device("", f"srv{lots.randrange(90)}.{self.domain}", server, None)]
        self.book = self.book[: lots.randint(1, 2)]
        self._every = 24.0 / max(3, round(self.rate))
        self._offset = lots.uniform(0.0, self._every)
        self._template = self.template(size=3_000, score=0.5, flips=(0, 8))

    def writes(self, day: int) -> Iterator[Event]:
        hour = self._offset
        while hour < 24.0:
            at = midnight(day) + hour * HOUR
            yield from self.send(at, self.devices[0], [tuple(self.book)], self._template)
            hour += self._every


class Accountant(Person):
    """An office; once in 30 days the year's papers to 80 to 250 clients, one message each."""

    kind = "accountant's batch"
    daily = (3.0, 26.0)
    mean = (5.0, 18.0)

    def settle(self) -> None:
        super().settle()
        lots = self.lots
        self.book += [address(lots) for _ in range(80)]
        self.known.update(self.book)
        self._on = lots.randint(0, 27)

    def day(self, day: int) -> list[Event]:
        events = super().day(day)
        on = self._on - 2 if weekend(self._on) else self._on
        if day % 30 == on % 30:
            lots = self.lots
            some = lots.sample(self.book, min(len(self.book), lots.randint(60, 160)))
            clients = some + [address(lots) for _ in range(lots.randint(20, 90))]
            lots.shuffle(clients)
            at = midnight(day) + lots.uniform(8.5, 13.0) * HOUR
            text = self.template(size=700_000, score=0.6, flips=(0, 9))
            batches = [(one,) for one in clients]
            events += self.send(
                at, self.devices[0], batches, text, pause=(15.0, 140.0), session=1, fresh=CLIENTS
            )
        return events

    def device(self, at: float) -> Device:
        return self.devices[0] if at_work(at) else super().device(at)


SENDERS: tuple[type[Person], ...] = (Club, School, Shop, Cron, Accountant)
