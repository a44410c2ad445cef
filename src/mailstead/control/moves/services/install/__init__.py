"""Making everything here that a plan says, by hosting's own services; again without harm."""

from mailstead.control.moves.services.install.run import INSTALL, install_next, install_total

__all__ = ["INSTALL", "install_next", "install_total"]
