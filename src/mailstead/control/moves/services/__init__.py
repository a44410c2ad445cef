"""What may happen."""

from mailstead.control.moves.services.install import INSTALL, install_next, install_total
from mailstead.control.moves.services.moves import (
    create_batch,
    create_move,
    remove_move,
    update_batch,
    update_move,
)
from mailstead.control.moves.services.planning import (
    answer,
    keep_inventory,
    make_plan,
    refuse_open_questions,
)

__all__ = [
    "INSTALL",
    "answer",
    "create_batch",
    "create_move",
    "install_next",
    "install_total",
    "keep_inventory",
    "make_plan",
    "refuse_open_questions",
    "remove_move",
    "update_batch",
    "update_move",
]
