"""What can be asked, from an actor."""

from mailstead.control.moves.queries.house import house_of
from mailstead.control.moves.queries.moves import (
    batch_named,
    batches,
    inventory_of,
    move_numbered,
    moves,
    rows,
)

__all__ = [
    "batch_named",
    "batches",
    "house_of",
    "inventory_of",
    "move_numbered",
    "moves",
    "rows",
]
