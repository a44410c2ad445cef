"""How far copies are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from mailstead.control.moves.models import Copy, Move


@dataclass(frozen=True)
class Progress:
    """All copies of a move together, in their present round."""

    copies: int
    done: int
    failed: int
    paused: int
    messages: int
    messages_all: int
    octets: int
    octets_all: int
    rate: float
    """Octets each second, of those that run."""
    left: float | None
    """Seconds until the end of the round; None: not known."""

    @property
    def percent(self) -> int:
        """Of the octets; of the copies where there are none."""
        if self.copies and self.done == self.copies:
            return 100
        if self.octets_all:
            return min(99, 100 * self.octets // self.octets_all)
        return 100 * self.done // self.copies if self.copies else 0

    @property
    def running(self) -> bool:
        """Whether some copy still has to do something in this round."""
        return self.done + self.failed + self.paused < self.copies


def copies(move: Move) -> QuerySet[Copy]:
    """Of a move that was fetched through the actor."""
    return Copy.objects.filter(move=move).select_related("mailbox").order_by("address", "pk")


def progress(rows: Sequence[Copy]) -> Progress:
    """Of all of them."""
    octets, total = sum(one.octets for one in rows), sum(one.octets_all for one in rows)
    running = [one for one in rows if one.state == "copying" and one.seconds > 0]
    rate = sum(one.octets / one.seconds for one in running)
    todo = sum(max(0, one.octets_all - one.octets) for one in rows if one.state in _GOING)
    return Progress(
        copies=len(rows),
        done=sum(1 for one in rows if one.state == "done"),
        failed=sum(1 for one in rows if one.state == "failed"),
        paused=sum(1 for one in rows if one.paused and one.state not in ("done", "failed")),
        messages=sum(one.messages for one in rows),
        messages_all=sum(one.messages_all for one in rows),
        octets=octets,
        octets_all=total,
        rate=rate,
        left=todo / rate if rate else None,
    )


_GOING = ("waiting", "copying", "paused")


def rates(server: str) -> tuple[float, float]:
    """What finished first rounds on a node did: octets and messages each second; 0: not known."""
    rows = Copy.objects.filter(server=server, state="done", round=1, seconds__gt=1)
    found = list(rows.order_by("-pk").values_list("octets", "messages", "seconds")[:200])
    seconds = sum(one[2] for one in found)
    if not seconds:
        return 0.0, 0.0
    return sum(one[0] for one in found) / seconds, sum(one[1] for one in found) / seconds
