"""A move between two servers of ours, with both nodes played by the test."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import TypeVar

from mailstead.control.feed.models import FeedHead
from mailstead.control.feed.services import record_events
from mailstead.control.moves import services
from mailstead.control.moves.models import Copy, Move
from mailstead.wire.changes import AnyChange, CopyGone, CopyPacePut, CopyPut, DomainPut, PeersPut
from mailstead.wire.events import AnyEvent, Applied, CopyCounted, CopySeen, DoorSeen
from mailstead.wire.moves import FolderCount
from tests.control.company import Company, feed_of, replayed, snapshot_state

_NUMBERS = count()
T = TypeVar("T")
HOME, OTHER = "node1", "node2"


def number() -> str:
    """An event's name, used once."""
    return f"own-{next(_NUMBERS)}"


class Moving:
    """The company, its second server, and what both nodes do."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.other = company.add_server(OTHER)

    @property
    def now(self) -> dt.datetime:
        return self.company.now

    def later(self, **more: float) -> None:
        """Time passes, and the worker comes by."""
        self.company.now += dt.timedelta(**more)
        services.advance_due(self.now)

    def tell(self, server: str, *events: AnyEvent) -> None:
        record_events(
            server=server,
            events=events,
            handle=lambda event: None,
            record=services.record,
            now=self.now,
        )

    def open_door(self, server: str = HOME) -> None:
        self.tell(
            server,
            DoorSeen(
                id=number(),
                at=self.now,
                host=f"{server}.host.example",
                port=24245,
                password="between us",
                certificate="PEM",
                addresses=("192.0.2.1" if server == HOME else "192.0.2.2",),
            ),
        )

    def acknowledge(self, *servers: str) -> None:
        """The nodes say that they have applied everything."""
        for server in servers or (HOME, OTHER):
            revision = FeedHead.objects.get(server=server).revision
            self.tell(server, Applied(id=number(), at=self.now, revision=revision))

    def finish(self, move: Move, state: str = "done", words: str = "") -> int:
        """The target's node ends its rounds; returns how many."""
        found = Copy.objects.filter(move=move, wanted=True, state__in=("waiting", "copying"))
        for copy in found.order_by("pk"):
            folder = FolderCount(folder="INBOX", messages=3, octets=9, uid_validity=7, uid_next=9)
            values = {"job": copy.pk, "round": copy.round, "at": self.now}
            self.tell(
                OTHER,
                CopyCounted(id=number(), source=(folder,), target=(folder,), **values),
                CopySeen(id=number(), state=state, words=words, **values),  # type: ignore[arg-type]
            )
        return len(found)

    def move(self, **more: object) -> Move:
        values = {"server": self.other, "customer": self.company.customer, **more}
        return services.create_own_move(**self.company.who, **values)  # type: ignore[arg-type]

    def copied(self, **more: object) -> Move:
        """A move whose first round is over."""
        move = self.move(**more)
        services.start(**self.company.who, move=move)
        self.later(seconds=1)
        self.finish(move)
        return fresh(move)

    def switched(self, **more: object) -> Move:
        move = self.copied(**more)
        services.switch(**self.company.who, move=move)
        self.hand_over(move)
        return fresh(move)

    def hand_over(self, move: Move) -> None:
        """Both nodes do their part of a change of home."""
        self.finish(move)
        self.acknowledge()
        self.finish(move)


def fresh(move: Move) -> Move:
    return Move.objects.select_related("own", "server", "customer").get(pk=move.pk)


def told(server: str, kind: type[T]) -> list[T]:
    """What a server was told of one kind."""
    return [one for one in feed_of(server) if isinstance(one, kind)]


def domain_at(server: str, name: str = "ann.example") -> DomainPut | None:
    """A domain as a server knows it after its whole feed."""
    found = replayed(things(server)).get(("Domain", name))
    assert found is None or isinstance(found, DomainPut)
    return found


def things(server: str) -> list[AnyChange]:
    """A feed without what it says of copies."""
    others = CopyPut | CopyGone | CopyPacePut | PeersPut
    return [one for one in feed_of(server) if not isinstance(one, others)]


def peers_of(server: str) -> tuple[str, ...]:
    """From which addresses a server was told that others pass on mail to it."""
    found = [one.addresses for one in feed_of(server) if isinstance(one, PeersPut)]
    return found[-1] if found else ()


def agree() -> None:
    """What each feed says is what a rebuild from nothing says."""
    for server in (HOME, OTHER):
        assert replayed(things(server)) == snapshot_state(server), server
