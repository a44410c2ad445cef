"""What there is about moves."""

from mailstead.control.moves.models.copies import Copy
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
from mailstead.control.moves.models.things import KeptText, Webmail

__all__ = [
    "Batch",
    "Came",
    "Copy",
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
