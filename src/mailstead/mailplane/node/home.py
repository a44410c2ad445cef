"""Moved to `mailstead.home`, where control and engines may see it too; import it from there."""

from mailstead.home import MAX_HOME_OCTETS, Home

__all__ = ["MAX_HOME_OCTETS", "Home"]
