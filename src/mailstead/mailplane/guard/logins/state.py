"""What is remembered of clients and accounts that log in, as it is kept in memory and on disk.

A password is never here: 16 bits of a hash with the node's own secret stand for it, which tell
whether two are alike and fit one in 65,536 others.
"""

from __future__ import annotations

import msgspec

from mailstead.mailplane.guard.logins.limits import DEVICE_KEEPS, FORGET, WINDOW, Limit

MOST_WRONG = 12
"""Guesses of one client at one account that are told apart; the limit lies below."""
MOST_TRIED = 32
"""Accounts of one client."""
MOST_CROWD = 160
"""Guesses of all strangers at one account."""
MOST_DEVICES = 48
"""Clients that are known at one account."""
MOST_GOOD = 4
"""Right passwords by which a client is known: one's own and app passwords."""

Guesses = dict[int, float]
"""Wrong passwords and when each was tried last."""


class Ban(msgspec.Struct, array_like=True):
    """Somebody is kept out."""

    since: float
    until: float
    turn: int
    """The how manieth in a row."""
    count: int = 0
    """Log-ins that it has refused."""

    def holds(self, at: float) -> bool:
        """Whether it is not over."""
        return at < self.until


def banned(before: Ban | None, limit: Limit, at: float) -> Ban:
    """The next block of whom `before` has kept out."""
    recent = before is not None and at - before.until < FORGET
    turn = before.turn + 1 if before is not None and recent else 1
    return Ban(at, at + limit.lasts(turn), turn)


class Tried(msgspec.Struct, array_like=True):
    """What one client has tried at one account."""

    wrong: Guesses = {}
    ban: Ban | None = None
    next_try: float = 0.0
    """When a known client may try another password although it is kept out."""
    known: bool = False
    """The client has logged in there before: it is nobody who tries accounts."""

    def last(self) -> float:
        """When it last did something wrong."""
        newest = max(self.wrong.values(), default=0.0)
        return max(newest, self.ban.until if self.ban else 0.0)


class ClientState(msgspec.Struct, array_like=True):
    """One client."""

    tried: dict[str, Tried] = {}
    ban: Ban | None = None

    def size(self) -> int:
        """Guesses that are kept."""
        return sum(len(one.wrong) for one in self.tried.values())

    def strange(self, at: float) -> int:
        """At how many accounts, where it never logged in, it was wrong of late."""
        return sum(
            1
            for one in self.tried.values()
            if not one.known and any(at - when < WINDOW for when in one.wrong.values())
        )


class Device(msgspec.Struct, array_like=True):
    """A client that has logged in to an account."""

    client: str
    near: str
    until: float
    """For so long it is known."""
    good: list[int] = []


class AccountState(msgspec.Struct, array_like=True):
    """One account, there or not."""

    devices: list[Device] = []
    wrong: Guesses = {}
    """Of strangers."""
    ban: Ban | None = None
    """It is attacked: strangers come one by one."""
    next_try: float = 0.0

    def known(self, client: str, near: str, at: float) -> list[Device]:
        """The devices that speak for a client: its own, and its neighbours'."""
        return [
            one
            for one in self.devices
            if (one.client == client or one.near == near) and at < one.until
        ]

    def is_old(self, password: int) -> bool:
        """Whether somebody has logged in with it before: a device that was forgotten."""
        return any(password in one.good for one in self.devices)

    def meet(self, client: str, near: str, password: int | None, until: float) -> bool:
        """Remember a client; returns whether anything is to be written."""
        device = next((one for one in self.devices if one.client == client), None)
        if device is None:
            device = Device(client, near, until)
            self.devices.append(device)
            self.devices.sort(key=lambda one: -one.until)
            del self.devices[MOST_DEVICES:]
            news = True
        else:
            # Once a day is enough: not every log-in is a write.
            news = until - device.until > DEVICE_KEEPS / 180
            device.until = max(device.until, until) if news else device.until
        if password is not None and password not in device.good:
            device.good = [password, *device.good][:MOST_GOOD]
            news = True
        return news


def fresh(guesses: Guesses, at: float) -> int:
    """How many count; those that are over are dropped."""
    for password in [one for one, when in guesses.items() if at - when >= WINDOW]:
        del guesses[password]
    return len(guesses)


def add(guesses: Guesses, password: int, at: float, most: int) -> bool:
    """Count a wrong password; returns whether it is a new one."""
    new = password not in guesses
    guesses[password] = at
    if len(guesses) > most:
        del guesses[min(guesses, key=lambda one: guesses[one])]
    return new
