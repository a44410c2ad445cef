"""What mailboxes have in common: clients, texts, and thefts that were confirmed. Bounded.

A spammer works through several mailboxes of one server with one text, or with clients in common,
and comes in bursts of some days. Each of these is weak for one mailbox and strong for several.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mailstead.mailplane.guard.profile import DAY

WINDOW = DAY
MOST_CLIENTS = 50_000
MOST_BANDS = 100_000
MOST_EACH = 12
"""Mailboxes that are remembered of a client or a text."""
ALIKE = 10
"""Bits in which two texts may differ: of unrelated ones 32 do, give or take 4 (decision 0037)."""
BURST = 3 * DAY
"""In which a confirmed theft stops weighing."""
RAISES = (0.0, 2.0, 2.8, 3.3)
"""Nats by which the prior rises after so many confirmed thefts."""
_BAND = 16
_TURNED = (0, *(1 << bit for bit in range(_BAND)))


@dataclass(frozen=True, slots=True)
class Sent:
    """A text of a mailbox."""

    mailbox: str
    body: int
    at: float
    owner: str


def alike(one: int, other: int) -> bool:
    """Whether two texts are nearly the same."""
    return (one ^ other).bit_count() <= ALIKE


class Listener(Protocol):
    """Hears what other nodes may want to know (guard/sharing.py)."""

    def stolen(self, at: float, bodies: Sequence[int], clients: Sequence[str]) -> None:
        """A mailbox was stolen; these are the thief's."""

    def used(self, at: float, mailbox: str, client: str) -> None:
        """A mailbox sends from a network that is new to it."""

    def wrote(self, at: float, mailbox: str, owner: str, body: int) -> None:
        """It sends a text from there."""


@dataclass
class Crowd:
    """Shared by all profiles of a node."""

    clients: OrderedDict[str, dict[str, float]] = field(default_factory=OrderedDict)
    bands: OrderedDict[int, list[Sent]] = field(default_factory=OrderedDict)
    thefts: dict[str, float] = field(default_factory=dict)
    """Mailboxes whose theft was confirmed, and when."""
    stolen_texts: list[tuple[int, float]] = field(default_factory=list)
    stolen_clients: dict[str, float] = field(default_factory=dict)
    listener: Listener | None = None

    def met(self, client: str, mailbox: str, at: float) -> int:
        """Note that a mailbox was used by a client; how many others were within a day."""
        users = self.clients.get(client)
        if users is None:
            users = self.clients[client] = {}
            if len(self.clients) > MOST_CLIENTS:
                self.clients.popitem(last=False)
        else:
            self.clients.move_to_end(client)
        users[mailbox] = at
        if len(users) == 1:
            return 0
        if len(users) > MOST_EACH:
            del users[min(users, key=users.__getitem__)]
        return sum(1 for name, then in users.items() if name != mailbox and at - then < WINDOW)

    def wrote(self, mailbox: str, owner: str, body: int, at: float) -> int:
        """Note a text; how many mailboxes of other owners sent one like it within a day."""
        others = {one.mailbox for one in self._like(body, at) if one.owner != owner}
        sent = Sent(mailbox, body, at, owner)
        for key in _bands(body):
            rows = self.bands.get(key)
            if rows is None:
                rows = self.bands[key] = []
                if len(self.bands) > MOST_BANDS:
                    self.bands.popitem(last=False)
            else:
                self.bands.move_to_end(key)
            rows[:] = [one for one in rows if one.mailbox != mailbox][-MOST_EACH + 1 :]
            rows.append(sent)
        return len(others)

    def _like(self, body: int, at: float) -> Iterator[Sent]:
        get = self.bands.get
        for key in _bands(body):
            # Texts that differ in 7 bits have a band in which they differ in one at most.
            for turned in _TURNED:
                for one in get(key ^ turned, ()):
                    if at - one.at < WINDOW and alike(one.body, body):
                        yield one

    def confirm(self, mailbox: str, at: float, bodies: list[int], clients: list[str]) -> None:
        """A mailbox was stolen, and this is what the thief sent and from where."""
        self.thefts[mailbox] = at
        self.recognise(at, bodies, clients)
        if self.listener is not None:
            self.listener.stolen(at, bodies, clients)

    def recognise(self, at: float, bodies: Iterable[int], clients: Iterable[str]) -> None:
        """These are a thief's, here or on another node."""
        known = set(self.stolen_texts)
        self.stolen_texts += [(body, at) for body in bodies if (body, at) not in known]
        for client in clients:
            self.stolen_clients[client] = max(at, self.stolen_clients.get(client, at))
        self.thefts = {name: then for name, then in self.thefts.items() if at - then < BURST}
        self.stolen_texts = [one for one in self.stolen_texts if at - one[1] < BURST][-64:]
        kept = [one for one in self.stolen_clients.items() if at - one[1] < BURST]
        self.stolen_clients = dict(kept[-10_000:])

    def is_stolen_text(self, body: int, at: float) -> bool:
        """Whether a confirmed thief sent one like it lately."""
        return any(at - then < BURST and alike(one, body) for one, then in self.stolen_texts)

    def is_stolen_client(self, client: str, at: float) -> bool:
        """Whether a confirmed thief came from there lately."""
        then = self.stolen_clients.get(client)
        return then is not None and at - then < BURST

    def raised(self, mailbox: str, at: float) -> float:
        """Nats by which other confirmed thefts raise the prior; falls to 0 over `BURST`."""
        if not self.thefts:
            return 0.0
        weights = sorted(
            (
                max(0.0, 1 - (at - then) / BURST)
                for name, then in self.thefts.items()
                if name != mailbox
            ),
            reverse=True,
        )
        if not weights or weights[0] <= 0:
            return 0.0
        count = min(sum(1 for one in weights if one > 0), len(RAISES) - 1)
        return RAISES[count] * weights[0]


def _bands(body: int) -> list[int]:
    """The four parts of a text's number, each with its place above it."""
    return [at << _BAND | body >> at * _BAND & 0xFFFF for at in range(64 // _BAND)]
