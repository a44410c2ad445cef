"""One simulated server: its accounts' lives and, where there is one, the attack."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.guard.attacks import Attack
from bench.guard.botnet import Botnet
from bench.guard.clock import DAY, midnight
from bench.guard.letters import Event
from bench.guard.networks import Region
from bench.guard.people import Person
from bench.guard.populations import POPULATIONS
from bench.guard.senders import SENDERS

VICTIMS_BREACHED = 0.4
"""Of stolen passwords that the public lists know: leaks are sold before they are published."""
AFTER = 0.25
"""Days that a world goes on when the attack is over."""


@dataclass
class World:
    """What a judge is driven through, once."""

    accounts: list[Person]
    end: float
    stolen: dict[str, float] = field(default_factory=dict)
    """When the attack on a mailbox begins, in the order of their turn."""
    counted_from: float = midnight(0)
    """False holds before it are not counted: before an attack a server is like any other."""
    attack: Iterator[Event] = field(default_factory=lambda: iter(()))

    def events(self) -> Iterator[Event]:
        """Everything that happens, in order; can be asked once."""
        days = int((self.end - midnight(0)) // DAY) + 1
        lives = [one.events(days) for one in self.accounts]
        merged = heapq.merge(*lives, self.attack, key=_at)
        return itertools.takewhile(lambda event: event.at < self.end, merged)


def calm(seed: int, each: int, days: int) -> World:
    """A server without an attack, with `each` accounts of every population."""
    return World(_accounts(f"{seed}/calm", each), midnight(days))


def under_attack(seed: int, kind: type[Attack], history: int, botnet: Botnet) -> World:
    """A server with one account of every population, attacked after `history` days of peace."""
    name = f"{seed}/{kind.name}"
    lots = random.Random(f"{name}/attack")
    accounts = _accounts(name, 1)
    start = midnight(history) + lots.uniform(0.0, DAY)
    useful = [
        one
        for one in accounts
        if one.opened < midnight(0) and not (kind.by_hand and isinstance(one, SENDERS))
    ]
    victims = lots.sample(useful, kind.accounts)
    for one in victims:
        one.breached = lots.random() < VICTIMS_BREACHED
    attack = kind(victims, botnet, accounts[0].region, lots)
    end = start + (kind.days + AFTER) * DAY
    until = start + kind.days * DAY
    turns = attack.turns(start)
    events = itertools.takewhile(lambda event: event.at < until, attack.events(turns))
    return World(accounts, end, turns, start, events)


def _accounts(seed: str, each: int) -> list[Person]:
    region = Region(seed)
    return [kind(region, seed, number) for kind in POPULATIONS for number in range(each)]


def _at(event: Event) -> float:
    return event.at
