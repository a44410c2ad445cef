"""What a mail program must be told: server names, ports, encryption, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting.models import Domain


@dataclass(frozen=True)
class ClientSetting:
    """One way to reach the server."""

    purpose: str | Promise
    """`Incoming mail`, `Outgoing mail`."""
    protocol: str
    host: str
    port: int
    encryption: str
    """`SSL/TLS` from the first octet, or `STARTTLS`."""
    preferred: bool
    """The one to take unless the program cannot."""


_WAYS = (
    (_("Incoming mail"), "IMAP", "imaps", "SSL/TLS", True),
    (_("Outgoing mail"), "SMTP", "submissions", "SSL/TLS", True),
    (_("Incoming mail"), "POP3", "pop3s", "SSL/TLS", False),
    (_("Outgoing mail"), "SMTP", "submission", "STARTTLS", False),
    (_("Incoming mail"), "IMAP", "imap", "STARTTLS", False),
)


def client_settings(domain: Domain) -> list[ClientSetting]:
    """How programs reach the mailboxes of a domain, the preferred ways first.

    The user name is always the whole address. Needs the domain's server fetched.
    """
    ports = settings.MAILSTEAD.ports
    return [
        ClientSetting(
            purpose=purpose,
            protocol=protocol,
            host=domain.server.hostname,
            port=ports.of(name),
            encryption=encryption,
            preferred=preferred,
        )
        for purpose, protocol, name, encryption, preferred in _WAYS
    ]
