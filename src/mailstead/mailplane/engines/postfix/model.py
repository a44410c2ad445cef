"""What this node asks of Postfix, typed."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from mailstead.config import Settings
from mailstead.home import Home

MAP_NAMES = ("domains", "recipients", "aliases", "transport", "senders", "credentials")
PROGRAMS = Path("/usr/lib/postfix/sbin")
COMMANDS = Path("/usr/sbin")


@dataclass(frozen=True)
class PostfixModel:
    """The settings of one Postfix instance; sizes are bytes."""

    home: Home
    hostname: str
    operator: str
    recipient_delimiter: str
    message_limit: int
    smtp: int
    submission: int
    submissions: int
    reinject: int
    ipv6: bool
    milter: str | None
    """Postfix's address of the milter; None: no content is looked at."""
    inbound_processes: int = 100
    submission_processes: int = 500


def from_settings(settings: Settings, home: Home) -> PostfixModel:
    """The model that the instance's settings ask for."""
    return PostfixModel(
        home=home,
        hostname=settings.hostname or socket.getfqdn(),
        operator=settings.operator,
        recipient_delimiter=settings.recipient_delimiter,
        message_limit=settings.storage.message_limit,
        smtp=settings.ports.of("smtp"),
        submission=settings.ports.of("submission"),
        submissions=settings.ports.of("submissions"),
        reinject=settings.ports.of("reinject"),
        ipv6=Path("/proc/net/if_inet6").exists(),
        milter=f"unix:{home.rspamd_milter_socket}" if settings.spam.scan else None,
    )
