"""What may happen."""

from mailstead.control.protection.services.events import record, snapshot

__all__ = ["record", "snapshot"]
