"""How one node reaches another's doveadm: what nodes have told, and what a copy is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from ipaddress import ip_address

from cryptography.fernet import InvalidToken

from mailstead.control.moves.models import Copy, NodeDoor
from mailstead.control.moves.services.own import peers
from mailstead.control.moves.services.sealing import box
from mailstead.standards.refusal import Refusal
from mailstead.wire.events import AnyEvent, DoorSeen
from mailstead.wire.moves import NodeSource


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Keep where a node lets others in, and from where it comes to them."""
    for event in events:
        if not isinstance(event, DoorSeen):
            continue
        before = NodeDoor.objects.filter(server=server).first()
        found = [ip_address(text) for text in event.addresses]
        # What a node hands to itself is not another node's.
        addresses = [str(one) for one in found if not (one.is_loopback or one.is_unspecified)]
        NodeDoor.objects.update_or_create(
            server=server,
            defaults={
                "host": event.host[:253],
                "port": event.port,
                "certificate": event.certificate,
                "addresses": addresses,
                "sealed": box().encrypt(event.password.encode()).decode(),
                "seen_at": event.at,
            },
        )
        if before is None or before.addresses != addresses:
            peers.tell_of(server, now)


def refuse_closed(server: str) -> None:
    """Refuse to go on where a node lets no others in."""
    if not NodeDoor.objects.filter(server=server, port__gt=0).exists():
        raise Refusal(
            "node-closed",
            "The server {server} does not let other servers of yours in.",
            remedy="Set moves.listen in its mailstead.toml, and run 'mailstead up' there.",
            server=server,
        )


def told_source(copy: Copy) -> NodeSource:
    """Where the mail is, as the feed tells it: without how to get in."""
    return NodeSource(server=str(copy.source["server"]))


def source(copy: Copy) -> NodeSource:
    """How the copy's node reaches the other; raises `Refusal` (`node-closed`, `door-sealed`)."""
    server = str(copy.source["server"])
    refuse_closed(server)
    door = NodeDoor.objects.get(pk=server)
    try:
        password = box().decrypt(door.sealed.encode()).decode()
    except InvalidToken as error:
        raise Refusal(
            "door-sealed",
            "The password of the server {server} cannot be read: the panel's key is another one.",
            remedy="Restart its agent: it tells the password again.",
            server=server,
        ) from error
    return NodeSource(
        server=server,
        host=door.host,
        port=door.port,
        password=password,
        certificate=door.certificate,
    )
