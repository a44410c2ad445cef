"""What this node asks of Rspamd, typed."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from mailstead.config import Dmarc, Settings
from mailstead.home import Home

USER = "_rspamd"


@dataclass(frozen=True)
class RspamdModel:
    """The settings of one Rspamd."""

    home: Home
    hostname: str
    """In whose name verdicts are told and forwarded mail is sealed."""
    recipient_delimiter: str
    dmarc: Dmarc
    reinject: int
    """Port on loopback where reports are handed in."""
    resolver: int
    """Port of the node's own resolver on loopback."""
    reject_score: float
    junk_score: float
    greylist: bool
    test_patterns: bool
    scanners: int
    """Processes that scan; each holds some 50 MiB of its own."""


def from_settings(settings: Settings, home: Home) -> RspamdModel:
    """The model that the instance's settings ask for."""
    return RspamdModel(
        home=home,
        hostname=(settings.hostname or socket.getfqdn()).lower(),
        recipient_delimiter=settings.recipient_delimiter,
        dmarc=settings.dmarc,
        reinject=settings.ports.of("reinject"),
        resolver=settings.ports.of("resolver"),
        reject_score=settings.spam.reject_score,
        junk_score=settings.spam.junk_score,
        greylist=settings.spam.greylist,
        test_patterns=settings.spam.test_patterns,
        scanners=max(1, (os.cpu_count() or 1) // 2),
    )
