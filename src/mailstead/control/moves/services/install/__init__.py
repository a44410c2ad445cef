"""Making everything here that a plan says, by hosting's own services; again without harm."""

from mailstead.control.moves.services.install.run import (
    INSTALL,
    Ground,
    ground_of,
    install_next,
    install_total,
)

__all__ = ["INSTALL", "Ground", "ground_of", "install_next", "install_total"]
