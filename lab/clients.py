"""The clients' host: thousands of addresses from which programs and Python sockets can connect."""

from __future__ import annotations

import contextlib
import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path

from lab.dns_host import DnsHost
from lab.namespaces import Namespace

HELO = "mail.client.example"
"""The name of the clients' first address, forward and back."""


class ClientsHost:
    """A host to which two whole networks are local (ip-route(8), type local)."""

    def __init__(self, namespace: Namespace, dns: DnsHost) -> None:
        self.namespace = namespace
        self.dns = dns

    def start(self) -> None:
        """Make every address of the clients' networks usable."""
        plan = self.namespace.plan
        self.namespace.ip("route", "add", "local", str(plan.clients4), "dev", "lo")
        self.namespace.ip("-6", "route", "add", "local", str(plan.clients6), "dev", "lo")
        # Unlike IPv4, IPv6 binds a local route's addresses only where that is allowed.
        with self.namespace.entered():
            Path("/proc/sys/net/ipv6/ip_nonlocal_bind").write_text("1", encoding="ascii")
        self.namespace.resolver(str(plan.dns.v4))
        self.dns.host(HELO, self.address(1), self.address(1, v6=True))

    def address(self, number: int, *, v6: bool = False) -> str:
        """The client address with this number, from 1 to 2046."""
        plan = self.namespace.plan
        return str((plan.clients6 if v6 else plan.clients4)[number])

    def connect(
        self, address: str, port: int, *, source: str | None = None, timeout: float = 20
    ) -> socket.socket:
        """A TCP connection from this host, from `source` if given; use it from anywhere."""
        with self.namespace.entered():
            return socket.create_connection(
                (address, port), timeout=timeout, source_address=(source, 0) if source else None
            )

    def smtp(
        self, address: str, port: int = 25, *, source: str | None = None, helo: str = HELO
    ) -> smtplib.SMTP:
        """An SMTP session from this host, from its first address unless `source` is given."""
        first = self.address(1, v6=":" in address)
        with self.namespace.entered():
            return smtplib.SMTP(
                address, port, helo, timeout=30, source_address=(source or first, 0)
            )

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """Clients (smtplib, imaplib …) made inside the block connect from this host."""
        with self.namespace.entered():
            yield
