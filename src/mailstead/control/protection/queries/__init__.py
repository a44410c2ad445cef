"""What can be asked, from an actor."""

from mailstead.control.protection.queries.blocks import (
    OwnBlock,
    Standing,
    blocks,
    own_blocks,
    standing,
)
from mailstead.control.protection.queries.breached import breached
from mailstead.control.protection.queries.cases import (
    MOST_KEPT,
    OPEN,
    STATES,
    Counted,
    case_numbered,
    cases,
    counted,
    kept,
    newest_case,
    suspicious_since,
    unsettled,
)
from mailstead.control.protection.queries.changes import Change, changes

__all__ = [
    "MOST_KEPT",
    "OPEN",
    "STATES",
    "Change",
    "Counted",
    "OwnBlock",
    "Standing",
    "blocks",
    "breached",
    "case_numbered",
    "cases",
    "changes",
    "counted",
    "kept",
    "newest_case",
    "own_blocks",
    "standing",
    "suspicious_since",
    "unsettled",
]
