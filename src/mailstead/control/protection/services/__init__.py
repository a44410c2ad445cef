"""What may happen."""

from mailstead.control.protection.services.blocks import end_due as end_due_blocks
from mailstead.control.protection.services.blocks import let_in
from mailstead.control.protection.services.blocks import lift as lift_block
from mailstead.control.protection.services.breached_due import follow_leaked
from mailstead.control.protection.services.cases import drop_old as drop_old_cases
from mailstead.control.protection.services.deciding import (
    DECISIONS,
    Decision,
    confirm,
    decide,
    release,
)
from mailstead.control.protection.services.events import record, snapshot
from mailstead.control.protection.services.guard_words import end_words
from mailstead.control.protection.services.proof import can_be_sent, post_proof, proves
from mailstead.control.protection.services.recovery import (
    Outcome,
    Wanted,
    kind_words,
    recover,
)
from mailstead.control.protection.services.settle import settle_due
from mailstead.control.protection.services.telling import remind_due, tell_due

__all__ = [
    "DECISIONS",
    "Decision",
    "Outcome",
    "Wanted",
    "can_be_sent",
    "confirm",
    "decide",
    "drop_old_cases",
    "end_due_blocks",
    "end_words",
    "follow_leaked",
    "kind_words",
    "let_in",
    "lift_block",
    "post_proof",
    "proves",
    "record",
    "recover",
    "release",
    "remind_due",
    "settle_due",
    "snapshot",
    "tell_due",
]
