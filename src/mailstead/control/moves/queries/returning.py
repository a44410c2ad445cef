"""What goes to the old server again after a move was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from mailstead.control.moves.models import BringBack, Move


@dataclass(frozen=True)
class Returned:
    """All mailboxes of a move together."""

    mailboxes: int
    settled: int
    arrived: int
    saved: int
    returned: int
    failed: int
    kept: int

    @property
    def percent(self) -> int:
        """Of the messages; of the mailboxes where there are none."""
        if self.mailboxes == self.settled:
            return 100
        todo = self.arrived + self.saved
        done = self.returned + self.failed
        if todo:
            return min(99, 100 * done // todo)
        return 100 * self.settled // self.mailboxes


def brought_back(move: Move) -> QuerySet[BringBack]:
    """Mailbox by mailbox, of a move that was fetched through the actor."""
    return BringBack.objects.filter(move=move).select_related("move").order_by("address", "pk")


def returned(rows: Sequence[BringBack]) -> Returned:
    """Of all of them."""
    return Returned(
        mailboxes=len(rows),
        settled=sum(1 for one in rows if one.settled),
        arrived=sum(one.arrived for one in rows),
        saved=sum(one.saved for one in rows),
        returned=sum(one.returned for one in rows),
        failed=sum(one.failed for one in rows),
        kept=sum(one.kept for one in rows),
    )
