"""What can be asked."""

from mailstead.control.protection.queries.blocks import (
    OwnBlock,
    Standing,
    blocks,
    own_blocks,
    standing,
)

__all__ = ["OwnBlock", "Standing", "blocks", "own_blocks", "standing"]
