"""What this node asks of unbound, typed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mailstead.config import Settings
from mailstead.home import Home

SYSTEM_HINTS = Path("/usr/share/dns/root.hints")
SYSTEM_ANCHOR = Path("/usr/share/dns/root.key")


@dataclass(frozen=True)
class UnboundModel:
    """The settings of one resolver."""

    home: Home
    port: int
    root_hints: str
    validate: bool
    anchor: str
    """File with the keys of a root of one's own; empty: the real one."""
    forward_to: tuple[str, ...]


def from_settings(settings: Settings, home: Home) -> UnboundModel:
    """The model that the instance's settings ask for."""
    return UnboundModel(
        home=home,
        port=settings.ports.of("resolver"),
        root_hints=settings.dns.root_hints,
        validate=settings.dns.validate,
        anchor=settings.dns.anchor,
        forward_to=settings.dns.forward_to,
    )
