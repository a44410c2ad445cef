"""What this node asks of PostSRSd, typed."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from mailstead.config import Settings
from mailstead.home import Home


@dataclass(frozen=True)
class PostsrsdModel:
    """The settings of one PostSRSd."""

    home: Home
    hostname: str
    """The domain of rewritten senders: the node's own name, which has an address in the DNS."""
    forward: int
    """Port on loopback that rewrites a sender."""
    reverse: int
    """Port on loopback that gives a rewritten sender back."""


def from_settings(settings: Settings, home: Home) -> PostsrsdModel:
    """The model that the instance's settings ask for."""
    return PostsrsdModel(
        home=home,
        hostname=settings.hostname or socket.getfqdn(),
        forward=settings.ports.of("srs"),
        reverse=settings.ports.of("srs_back"),
    )
