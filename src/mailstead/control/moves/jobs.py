"""The long task of moves: making what a plan says, a few rows at a time."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count

from mailstead.control.jobs.models import Job
from mailstead.control.jobs.services import Progress
from mailstead.control.moves import services
from mailstead.control.moves.models import Move, PlanRow
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal


def install_move(job: Job, actor: Actor, now: dt.datetime) -> Progress:
    """Make the next rows of `payload["move"]`; the rows themselves say what is done."""
    move = (
        Move.objects.select_related("customer__reseller", "server", "batch")
        .filter(pk=job.payload["move"])
        .first()
    )
    if move is None:
        raise Refusal("move-unknown", "There is no such move.")
    after = int(job.result.get("after", -1))
    if not isinstance(job.kept, services.Ground):
        job.kept = services.ground_of(move)
    last = services.install_next(actor=actor, now=now, move=move, after=after, ground=job.kept)
    if last is None:
        services.installed(move=move)
        return Progress(done=job.total, finished=True, result=_result(move, after))
    done = PlanRow.objects.filter(move=move, number__lte=last).count()
    return Progress(done=done, finished=False, result=_result(move, last))


def _result(move: Move, after: int) -> dict[str, object]:
    rows = PlanRow.objects.filter(move=move).order_by()
    counts = dict(rows.values_list("outcome").annotate(n=Count("pk")))
    failed = PlanRow.objects.filter(move=move, outcome="failed").order_by("number")[:200]
    return {
        "after": after,
        "made": counts.get("made", 0),
        "present": counts.get("present", 0),
        "refused_count": counts.get("failed", 0),
        "refused": [
            {"row": row.number, "what": row.subject, "words": row.outcome_words} for row in failed
        ],
    }
