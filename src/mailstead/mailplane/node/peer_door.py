"""What other nodes of ours need to come to this one's mailboxes, told to the control plane.

It is told when it has changed, and once a day: the control plane may have lost it.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address

from cryptography import x509

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.node.certificates.pointing import own_addresses
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.wire.events import DoorSeen

AGAIN = 86_400.0
LOOK_EVERY = 60.0
"""Seconds; both."""


def _named(host: str) -> set[str]:
    """The addresses of the node's own name: behind a translation only the DNS knows them."""
    try:
        found = {ip_address(info[4][0]) for info in socket.getaddrinfo(host, 25)}
    except (OSError, ValueError):
        return set()
    return {str(address) for address in found if not address.is_loopback}


class PeerDoor:
    """See the module; `due` is asked now and then."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._told: tuple[float, dict[str, object]] | None = None
        self._next = 0.0

    def due(self, now: float) -> list[DoorSeen]:
        """What is to be told at this (monotonic) time. Raises `OSError`."""
        if now < self._next:
            return []
        self._next = now + LOOK_EVERY
        facts = self._facts()
        if self._told and self._told[1] == facts and now - self._told[0] < AGAIN:
            return []
        self._told = (now, facts)
        number, at = EventSpool.identity()
        return [DoorSeen(id=number, at=at, **facts)]  # type: ignore[arg-type]

    def _facts(self) -> dict[str, object]:
        settings, home = self._settings, self._home
        addresses = tuple(sorted(own_addresses() | _named(settings.hostname)))
        if not settings.moves.listen or not home.doveadm_password.exists():
            return {"port": 0, "addresses": addresses}
        return {
            "addresses": addresses,
            "host": settings.moves.name or settings.hostname,
            "port": settings.ports.of("doveadm"),
            "password": home.doveadm_password.read_text(encoding="ascii").strip(),
            "certificate": self._own_certificate(),
        }

    def _own_certificate(self) -> str:
        """The node's certificate where no authority has signed it; else nothing."""
        data = self._home.certificate.read_bytes()
        try:
            found = x509.load_pem_x509_certificates(data)[0]
        except (ValueError, IndexError):
            return ""
        return data.decode("ascii") if found.issuer == found.subject else ""
