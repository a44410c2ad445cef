"""Where a client is: its neighbourhood, its network operator and country.

Operators and countries come from a file that the company may provide, ranges of addresses with the
number of their autonomous system (AS) and a country code, separated by tabs:
`first<TAB>last<TAB>number<TAB>country<TAB>…`. Without it the operator is guessed by a wide prefix.
"""

from __future__ import annotations

import ipaddress
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mailstead.standards.refusal import Refusal

MOST_CACHED = 100_000
_GUESSED = 1 << 40
"""Added to a guessed operator's key, so that it never meets an AS number."""
_SHORT4, _WIDE4 = 24, 16
_SHORT6, _WIDE6 = 48, 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client is; equal keys, equal places."""

    near: int
    """Its /24, or its /48."""
    wide: int
    """Its network's operator: the AS number, or a wide prefix where that is not known."""
    country: str
    """Two letters; empty: not known."""

    @property
    def guessed(self) -> bool:
        """Whether the operator is a guess."""
        return self.wide >= _GUESSED


@dataclass(slots=True)
class _Ranges:
    """Ranges of one family, in order and apart; a last address before the first one: nobody's."""

    firsts: list[int] | array[int]
    lasts: list[int] | array[int]
    numbers: array[int] = field(default_factory=lambda: array("L"))
    countries: list[str] = field(default_factory=list)

    def find(self, address: int) -> tuple[int, str] | None:
        at = bisect_right(self.firsts, address) - 1
        if at < 0 or self.lasts[at] < address or not self.numbers[at]:
            return None
        return self.numbers[at], self.countries[at]


class Networks:
    """Places of addresses; remembers those that it was asked for."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        """Raises `Refusal` (`networks-invalid`) for a line that is none."""
        self._four = _Ranges(array("L"), array("L"))
        self._six = _Ranges([], [])
        self._known: dict[str, Place] = {}
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.startswith("#"):
                self._add(number, line)

    @classmethod
    def read(cls, path: Path) -> Networks:
        """From a file; raises `Refusal`, `OSError`."""
        with path.open(encoding="utf-8", errors="replace") as lines:
            return cls(lines)

    def _add(self, number: int, line: str) -> None:
        words = line.rstrip("\n").split("\t")
        wrong = _invalid(number, "is no range of addresses with an AS number and a country")
        try:
            first, last = ipaddress.ip_address(words[0]), ipaddress.ip_address(words[1])
            system, country = int(words[2].removeprefix("AS")), words[3].strip().upper()
        except (ValueError, IndexError):
            raise wrong from None
        if first.version != last.version or int(last) < int(first):
            raise wrong
        ranges = self._four if first.version == 4 else self._six
        if ranges.lasts and int(first) <= ranges.lasts[-1]:
            raise _invalid(number, "is not in order")
        ranges.firsts.append(int(first))
        ranges.lasts.append(int(last))
        ranges.numbers.append(system)
        ranges.countries.append(country if len(country) == 2 and country.isalpha() else "")

    def place(self, client: str) -> Place:
        """Where a client is; what is no address is a place of its own."""
        found = self._known.get(client)
        if found is None:
            if len(self._known) >= MOST_CACHED:
                self._known.clear()
            found = self._known[client] = self._look(client)
        return found

    def _look(self, client: str) -> Place:
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return Place(0, _GUESSED, "")
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        value = int(address)
        if address.version == 4:
            near, wide, known = value >> 32 - _SHORT4, value >> 32 - _WIDE4, self._four.find(value)
        else:
            near = 1 << 50 | value >> 128 - _SHORT6
            wide = 1 << 36 | value >> 128 - _WIDE6
            known = self._six.find(value)
        return Place(near, known[0], known[1]) if known else Place(near, _GUESSED + wide, "")


def _invalid(number: int, what: str) -> Refusal:
    return Refusal(
        "networks-invalid",
        "Line {number} of the file of networks {what}.",
        remedy="Each line has first and last address, AS number and country, with tabs between.",
        number=number,
        what=what,
    )
