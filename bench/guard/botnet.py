"""The addresses that a botnet's attempts came from, as published, or made-up ones."""

from __future__ import annotations

import csv
import ipaddress
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.guard.networks import provider
from mailstead.standards.refusal import Refusal

COLUMNS = 4
AT_LEAST = 50
"""Addresses: fewer would come back so often that an attack is not spread any more."""


@dataclass(frozen=True)
class Botnet:
    """Addresses in their own proportions: a network with many bots is drawn more often."""

    addresses: Sequence[str]
    networks: int
    """Autonomous systems they are in."""
    source: str
    """For the table's reader."""

    def draw(self, count: int, lots: random.Random) -> list[str]:
        """So many different ones, or all."""
        return lots.sample(self.addresses, min(count, len(self.addresses)))


def read(path: Path) -> Botnet:
    """From a CSV file of address, AS number, AS name, CIDR under a line of names.

    Raises `Refusal` where it is not one.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, skipinitialspace=True))
    except (OSError, UnicodeDecodeError) as error:
        raise _refusal(path, f"cannot be read ({error})") from error
    addresses, networks = [], set()
    for number, row in enumerate(rows[1:], 2):
        if len(row) != COLUMNS:
            raise _refusal(path, f"has {len(row)} columns instead of {COLUMNS} in line {number}")
        try:
            addresses.append(str(ipaddress.ip_address(row[0])))
            networks.add(int(row[1]))
        except ValueError as error:
            raise _refusal(path, f"has a wrong value in line {number} ({error})") from error
    if len(addresses) < AT_LEAST:
        raise _refusal(path, f"has {len(addresses)} addresses, fewer than {AT_LEAST}")
    return Botnet(addresses, len(networks), "published addresses")


def made_up(count: int = 6_000) -> Botnet:
    """As many residential addresses in made-up networks, where there is no file."""
    lots = random.Random("botnet")
    networks = [provider(lots, 4) for _ in range(max(1, count // 5))]
    # As in life: a few networks have many bots, most have one or two.
    weights = [1.0 / (rank + 3) for rank in range(len(networks))]
    drawn = lots.choices(networks, weights, k=count)
    addresses = sorted({one.four(lots) for one in drawn})
    return Botnet(addresses, len({id(one) for one in drawn}), "made-up addresses")


def _refusal(path: Path, what: str) -> Refusal:
    return Refusal(
        "botnet-file",
        "The file of botnet addresses {name} {what}.",
        remedy="Give a CSV file with address, AS number, AS name and CIDR under a line of names.",
        name=path.name,
        what=what,
    )
