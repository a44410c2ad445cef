"""What this node asks of Knot, typed."""

from __future__ import annotations

from dataclasses import dataclass

from mailstead.config import Settings
from mailstead.home import Home


@dataclass(frozen=True)
class KnotModel:
    """The settings of one Knot."""

    home: Home
    addresses: tuple[str, ...]
    """On which the world asks; the resolver has loopback's port for itself."""
    port: int
    secondaries: tuple[str, ...]
    """Servers that are told of a change and may transfer the zones."""


def from_settings(settings: Settings, home: Home) -> KnotModel:
    """The model that the instance's settings ask for."""
    return KnotModel(
        home=home,
        addresses=settings.dns.serve_on,
        # The same number as the resolver's, on other addresses.
        port=settings.ports.of("resolver"),
        secondaries=settings.dns.secondaries,
    )
