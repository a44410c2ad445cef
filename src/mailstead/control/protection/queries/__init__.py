"""What can be asked, from an actor."""

from mailstead.control.protection.queries.breached import breached

__all__ = ["breached"]
