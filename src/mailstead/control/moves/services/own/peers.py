"""Which nodes pass on mail to which, as long as domains are on two of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Domain
from mailstead.control.moves.models import NodeDoor
from mailstead.wire.changes import PeersPut


def of(server: str) -> PeersPut:
    """The addresses of the nodes that pass on mail to a server, or may still do so.

    Each of two nodes that have a domain knows the other for as long as both have it: when they
    change places, mail that is on its way is still passed on by the one that delivers it now.
    """
    doors = NodeDoor.objects.filter(server__in=sorted(_partners(server))).order_by("server")
    found = [address for door in doors for address in door.addresses]
    return PeersPut(addresses=tuple(dict.fromkeys(found)))


def tell(servers: Iterable[str], now: dt.datetime) -> None:
    """Tell servers anew; inside the transaction of what has changed."""
    for server in sorted(set(servers)):
        feed.publish(server=server, changes=[of(server)], now=now)


def tell_of(server: str, now: dt.datetime) -> None:
    """A server connects from other addresses now: tell those that have a domain with it."""
    tell(_partners(server), now)


def _partners(server: str) -> set[str]:
    both = Domain.objects.filter(removed_at=None).exclude(second=None)
    return {
        *both.filter(server__name=server).values_list("second__name", flat=True),
        *both.filter(second__name=server).values_list("server__name", flat=True),
    }
