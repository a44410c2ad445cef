"""What this node asks of Redis, typed."""

from __future__ import annotations

from dataclasses import dataclass

from mailstead.config import Settings
from mailstead.home import Home


@dataclass(frozen=True)
class RedisModel:
    """The settings of one Redis instance; sizes are bytes."""

    home: Home
    memory_limit: int = 256 * 1024 * 1024


def from_settings(settings: Settings, home: Home) -> RedisModel:
    """The model that the instance's settings ask for."""
    return RedisModel(home=home)
