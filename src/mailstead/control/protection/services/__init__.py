"""What may happen."""

from mailstead.control.protection.services.blocks import end_due as end_due_blocks
from mailstead.control.protection.services.blocks import let_in
from mailstead.control.protection.services.blocks import lift as lift_block
from mailstead.control.protection.services.events import record, snapshot

__all__ = ["end_due_blocks", "let_in", "lift_block", "record", "snapshot"]
