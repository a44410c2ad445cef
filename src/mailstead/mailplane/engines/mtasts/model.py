"""What this node asks of mta-sts-daemon, typed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mailstead.config import Settings
from mailstead.home import Home

USER = "_mta-sts"
"""Its user in Debian's package."""


@dataclass(frozen=True)
class MtastsModel:
    """The settings of one mta-sts-daemon."""

    home: Home
    authorities: str
    """File of authorities that are believed besides the system's; empty: none."""

    @property
    def cache(self) -> Path:
        """The policies that it knows: they hold for weeks and must outlive a restart."""
        return self.home.mtasts / "policies.db"


def from_settings(settings: Settings, home: Home) -> MtastsModel:
    """The model that the instance's settings ask for."""
    return MtastsModel(home=home, authorities=settings.transport.authorities)
