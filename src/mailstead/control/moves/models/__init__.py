"""What there is about moves."""

from mailstead.control.moves.models.copies import Copy, CopyPace
from mailstead.control.moves.models.exports import Export
from mailstead.control.moves.models.moves import (
    Batch,
    Came,
    Letter,
    Loss,
    Move,
    PlanRow,
    SourceLogin,
    Step,
    Stock,
)
from mailstead.control.moves.models.own import NodeDoor, OwnMove
from mailstead.control.moves.models.redirects import OldPort, Redirect, RedirectUse
from mailstead.control.moves.models.returning import BringBack
from mailstead.control.moves.models.things import KeptText, Webmail

__all__ = [
    "Batch",
    "BringBack",
    "Came",
    "Copy",
    "CopyPace",
    "Export",
    "KeptText",
    "Letter",
    "Loss",
    "Move",
    "NodeDoor",
    "OldPort",
    "OwnMove",
    "PlanRow",
    "Redirect",
    "RedirectUse",
    "SourceLogin",
    "Step",
    "Stock",
    "Webmail",
]
