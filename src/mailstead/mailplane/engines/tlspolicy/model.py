"""What the server of TLS policies is told, typed."""

from __future__ import annotations

from dataclasses import dataclass

from mailstead.config import Settings
from mailstead.home import Home


@dataclass(frozen=True)
class TlspolicyModel:
    """Whom it asks."""

    home: Home
    resolver: int
    """Port on loopback of the node's own resolver."""


def from_settings(settings: Settings, home: Home) -> TlspolicyModel:
    """The model that the instance's settings ask for."""
    return TlspolicyModel(home=home, resolver=settings.ports.of("resolver"))
