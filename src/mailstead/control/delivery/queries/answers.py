"""How receivers answer to each of our addresses; the company's own matter."""

from __future__ import annotations

import datetime as dt
import functools
import operator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, Sum

from mailstead.control.delivery.models import ReceiverDay
from mailstead.control.delivery.models.answers import COUNTS
from mailstead.control.delivery.queries.pools import names_of_ways
from mailstead.control.people.actor import Actor

MOST = 200
LONGEST = 90
"""Days."""


@dataclass(frozen=True)
class ReceiverAnswers:
    """Attempts by one way at one receiver, by what became of them."""

    server: str
    source: str
    """As `wire.events.AttemptSeen`."""
    name: str
    """Of the sending address; empty: it is none, or is gone."""
    receiver: str
    attempts: int
    accepted: int
    reputation: int
    rate: int
    content: int
    policy: int
    other: int

    @property
    def refused_share(self) -> float:
        """Of the attempts: how many were refused for what we are, do or send; 0 to 1."""
        about_us = self.reputation + self.rate + self.content + self.policy
        return about_us / self.attempts if self.attempts else 0.0


def receiver_answers(
    actor: Actor, today: dt.date, *, days: int = 7, search: str = "", limit: int = MOST
) -> list[ReceiverAnswers]:
    """How receivers have answered in the last days; those first that refuse most for reputation.

    `search` is a receiver or the number of a sending address as `out-N`.
    """
    if not actor.sees_everything:
        return []
    first = today - dt.timedelta(days=min(max(days, 1), LONGEST) - 1)
    # The columns of the sums are made from a table, so no checker knows them.
    rows: Any = ReceiverDay.objects.filter(day__gte=first)
    text = search.strip().lower()
    if text:
        rows = rows.filter(Q(receiver=text) | Q(source=text))
    sums = {f"sum_{name}": Sum(name) for name in COUNTS}
    found = (
        rows.values("server", "source", "receiver")
        .annotate(**sums)
        .annotate(attempts=functools.reduce(operator.add, map(F, sums)))
        .order_by("-sum_reputation", "-attempts", "source", "receiver", "server")[:limit]
    )
    names = names_of_ways(actor)
    return [
        ReceiverAnswers(
            name=names.get(row["source"], ""),
            **{key.removeprefix("sum_"): value for key, value in row.items()},
        )
        for row in found
    ]
