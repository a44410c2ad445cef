"""What this node asks of nginx, typed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines.served import Served, served


@dataclass(frozen=True)
class NginxModel:
    """The settings of one front server."""

    home: Home
    https: int
    http: int
    hostnames: tuple[str, ...]
    ipv6: bool
    names: tuple[Served, ...] = ()
    """Host names with a certificate of their own."""


def from_settings(settings: Settings, home: Home) -> NginxModel:
    """The model that the instance's settings ask for."""
    return NginxModel(
        home=home,
        https=settings.ports.of("https"),
        http=settings.ports.of("http"),
        hostnames=panel_hostnames(settings),
        ipv6=Path("/proc/net/if_inet6").exists(),
        names=served(home),
    )


def panel_hostnames(settings: Settings) -> tuple[str, ...]:
    """The names under which the panel answers, the first one in its links."""
    return settings.web.hostnames or (settings.hostname,)
