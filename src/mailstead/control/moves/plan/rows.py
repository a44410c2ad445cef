"""What a plan says of one thing: how it will come, why not quite, or what somebody has to decide.

Values only; the words for a `code` are in `moves.words`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from mailstead.control.moves.plan.house import House
from mailstead.control.moves.plan.items import Item
from mailstead.foreign.inventory import Domain, Inventory

Grade = Literal["carried", "differs", "refused", "asks"]
LEAVE = "leave"
"""The answer that leaves a thing out, wherever one is asked for."""


@dataclass(frozen=True)
class Verdict:
    """How one thing comes."""

    grade: Grade
    code: str = ""
    """Why; empty where it comes as it is."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the words of the code name."""
    choices: tuple[str, ...] = ()
    """Of one that asks, or has asked: what may be answered."""
    makes: str = ""
    """What will be made, in a few words of addresses and names."""
    octets: int = 0
    messages: int = 0


@dataclass(frozen=True)
class Row:
    """One thing with its verdict."""

    item: Item
    verdict: Verdict


@dataclass
class Site:
    """What every verdict may look at."""

    inventory: Inventory
    house: House
    answers: Mapping[str, str]
    domains: dict[str, Domain] = field(default_factory=dict)
    staying: dict[str, str] = field(default_factory=dict)
    """Domains that do not come, and the code that says why."""
    closed: set[str] = field(default_factory=set)
    """Addresses of mailboxes that do not come."""
    boxes: set[str] = field(default_factory=set)
    """Addresses of all mailboxes that were found."""

    def answer(self, item: Item, choices: tuple[str, ...]) -> str:
        """What was answered; empty: nothing that is a choice."""
        given = self.answers.get(item.key, "")
        return given if given in choices else ""

    def account_address(self) -> str:
        """The account's own mailbox: targets that name the log-in mean it; empty: there is none."""
        for box in self.inventory.mailboxes():
            if box.login == self.inventory.account:
                return box.address
        main = next((one.name for one in self.inventory.domains if one.kind == "main"), "")
        local = f"{self.inventory.account}@{main}".lower()
        return local if main and local in self.boxes else ""


Planner = Callable[[Site, Item], Verdict]
CARRIED = Verdict("carried")
