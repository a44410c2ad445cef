"""Which nodes pass on mail to which, as long as domains are on two of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Domain
from mailstead.control.moves.models import NodeDoor
from mailstead.wire.changes import PeersPut


def of(server: str) -> PeersPut:
    """The addresses of the nodes that pass on mail to a server."""
    rows = Domain.objects.filter(server__name=server, removed_at=None).exclude(second=None)
    names = rows.values_list("second__name", flat=True).distinct()
    doors = NodeDoor.objects.filter(server__in=list(names)).order_by("server")
    found = [address for door in doors for address in door.addresses]
    return PeersPut(addresses=tuple(dict.fromkeys(found)))


def tell(servers: Iterable[str], now: dt.datetime) -> None:
    """Tell servers anew; inside the transaction of what has changed."""
    for server in sorted(set(servers)):
        feed.publish(server=server, changes=[of(server)], now=now)


def tell_of(server: str, now: dt.datetime) -> None:
    """A server connects from other addresses now: tell those to which it passes on mail."""
    rows = Domain.objects.filter(second__name=server, removed_at=None)
    tell(rows.values_list("server__name", flat=True).distinct(), now)
