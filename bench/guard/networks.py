"""Where clients come from: lines at home, offices, carriers, hotels, hired servers, VPN exits.

The networks are made up, from numbers: which address belongs to whom in the world plays no part.
An address stays, or moves within its network, as such lines do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol

from bench.guard.clock import DAY, HOUR, START, at_work, hour

_FIRST = [n for n in range(11, 220) if n not in {100, 127, 169, 172, 192, 198, 203}]
"""First octets that are nobody's private, shared, documentation or test range (RFC 6890)."""
SIX_SHARE = 0.6
"""Of a dual-stack client's connections over IPv6: clients prefer it, not every program does."""
RENEWED_NIGHTLY = 0.3
"""Of home lines that get another address each day: some providers cut the line on purpose."""
RENEWED_DAYS = (15.0, 200.0)
"""Days that other lines keep an address."""
EXITS = 192
"""Public addresses of a carrier's translation in one region: a few /24, thousands of phones."""
CARRIER_STAYS = (0.3 * HOUR, 4 * HOUR)
"""Until a phone gets another of them: with each new data session."""
ON_THE_MOVE = 0.15
"""Of a phone's connections outside the way to work: out for lunch, wireless switched off."""


class Place(Protocol):
    """Where a device is connected. The answer depends on the time, not on the order of asking."""

    def address(self, at: float) -> str: ...


@dataclass(frozen=True)
class Provider:
    """Somebody who gives addresses."""

    blocks: tuple[str, ...]
    """The first two octets of each /16."""
    six: str
    """An IPv6 /32."""

    def four(self, lots: random.Random) -> str:
        return f"{lots.choice(self.blocks)}.{lots.randrange(256)}.{lots.randrange(1, 255)}"

    def street(self, lots: random.Random) -> str:
        """The first three octets of some /24."""
        return f"{lots.choice(self.blocks)}.{lots.randrange(256)}"


def provider(lots: random.Random, blocks: int = 3) -> Provider:
    """One with `blocks` blocks."""
    pairs = tuple(f"{lots.choice(_FIRST)}.{lots.randrange(256)}" for _ in range(blocks))
    return Provider(pairs, f"2a{lots.randrange(16):02x}:{lots.randrange(1, 65536):x}")


class Carrier:
    """A mobile network: all phones of a region behind a few hundred addresses."""

    def __init__(self, lots: random.Random) -> None:
        self.provider = provider(lots, 2)
        streets = [self.provider.street(lots) for _ in range(6)]
        self.exits = [f"{lots.choice(streets)}.{lots.randrange(1, 255)}" for _ in range(EXITS)]


class Region:
    """What the customers of one server have in common: the providers they can choose from."""

    def __init__(self, seed: str) -> None:
        lots = random.Random(f"{seed}/region")
        self.homes = [provider(lots, 4) for _ in range(6)]
        self.offices = [provider(lots, 2) for _ in range(4)]
        self.hosting = [provider(lots, 2) for _ in range(4)]
        self.carriers = [Carrier(lots) for _ in range(3)]
        self.abroad = [provider(lots, 2) for _ in range(80)]
        self.carriers_abroad = [Carrier(lots) for _ in range(20)]
        # A VPN service: hired servers in many countries, the same ones for all who use it.
        self.exits = [lots.choice(self.abroad).four(lots) for _ in range(60)]


@dataclass
class Fixed:
    """A line that keeps its address: offices and servers have such."""

    at_address: str

    def address(self, at: float) -> str:
        return self.at_address


def _drawn(key: int, period: int, below: int) -> int:
    """A number that depends on key and period only: a hash of whole numbers is always the same."""
    return hash((key, period)) % below


class Home:
    """A line at home: its address moves within the provider's /18 when it is renewed.

    With `six`, connections go over IPv6 as often as not, and a device makes itself another
    address in the line's /64 every day (RFC 8981).
    """

    def __init__(self, of: Provider, lots: random.Random, *, six: bool = False) -> None:
        self._of, self._lots, self._six = of, lots, six
        self._block, self._eighteen = lots.choice(of.blocks), 64 * lots.randrange(4)
        nightly = lots.random() < RENEWED_NIGHTLY
        self._stays = DAY if nightly else lots.uniform(*RENEWED_DAYS) * DAY
        # The forced cut comes in the small hours; other renewals at any time.
        self._phase = -4 * HOUR if nightly else lots.uniform(0, self._stays)
        self._key = lots.getrandbits(60)

    def address(self, at: float) -> str:
        period = int((at - START + self._phase) // self._stays)
        if self._six and self._lots.random() < SIX_SHARE:
            prefix = _drawn(self._key, period, 1 << 24)
            private = _drawn(self._key + 1, int((at - START) // DAY), 1 << 60)
            tail = ":".join(f"{private >> shift & 0xFFFF | 1:x}" for shift in (48, 32, 16, 0))
            return f"{self._of.six}:{prefix >> 8:x}:{prefix & 0xFF:x}00:{tail}"
        host = _drawn(self._key, period, 64 * 254)
        return f"{self._block}.{self._eighteen + host // 254}.{host % 254 + 1}"


class Mobile:
    """A phone's data connection: another of the carrier's addresses every hour or so."""

    def __init__(self, of: Carrier, lots: random.Random) -> None:
        self._of = of
        self._stays = lots.uniform(*CARRIER_STAYS)
        self._key = lots.getrandbits(60)

    def address(self, at: float) -> str:
        exits = self._of.exits
        return exits[_drawn(self._key, int(at // self._stays), len(exits))]


class Turns:
    """Several ways out, a lot for each connection; `first` is the share of the first."""

    def __init__(self, ways: list[Place], lots: random.Random, first: float = 0.5) -> None:
        self._ways, self._lots, self._first = ways, lots, first

    def address(self, at: float) -> str:
        if self._lots.random() < self._first:
            return self._ways[0].address(at)
        return self._lots.choice(self._ways[1:]).address(at)


class Vpn:
    """A VPN service, another exit every few hours; programs propose those quick before."""

    def __init__(self, region: Region, lots: random.Random) -> None:
        usual = lots.sample(region.exits, 6)
        # Four times in five one of the usual ones.
        self._exits = usual * 40 + region.exits
        self._stays = lots.uniform(2 * HOUR, 12 * HOUR)
        self._key = lots.getrandbits(60)

    def address(self, at: float) -> str:
        return self._exits[_drawn(self._key, int(at // self._stays), len(self._exits))]


class Daily:
    """Where a carried device is: at work by day, at home in the evening, on the move between."""

    def __init__(self, work: Place, home: Place, move: Place, lots: random.Random) -> None:
        self._work, self._home, self._move, self._lots = work, home, move, lots

    def address(self, at: float) -> str:
        now = hour(at)
        if self._lots.random() < ON_THE_MOVE or 7.5 <= now < 8.5 or 17.5 <= now < 18.5:
            return self._move.address(at)
        return (self._work if at_work(at) else self._home).address(at)
