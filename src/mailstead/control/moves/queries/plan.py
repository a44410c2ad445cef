"""What a plan says, and of each domain in figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from django.db.models import Count, Q, QuerySet, Sum

from mailstead.control.moves.models import Move, PlanRow
from mailstead.control.moves.plan.rows import Grade

NOTABLE = "notable"
"""In place of a grade: every row that does not come just as it is."""


def rows(
    move: Move, *, grade: str = "", domain: str | None = None, kind: str = ""
) -> QuerySet[PlanRow]:
    """The rows of a plan, of a move that was fetched through the actor."""
    found = PlanRow.objects.filter(move=move).order_by("number")
    if grade == NOTABLE:
        found = found.exclude(grade="carried")
    elif grade:
        found = found.filter(grade=grade)
    if domain is not None:
        found = found.filter(domain=domain)
    return found.filter(kind=kind) if kind else found


@dataclass(frozen=True)
class Part:
    """One domain of a plan; without a name: what belongs to the account."""

    domain: str
    mailboxes: int
    messages: int
    octets: int
    grades: dict[str, int] = field(default_factory=dict)
    """How many rows have each grade."""

    def told(self) -> dict[str, str | int]:
        """As programs hear it."""
        figures = {name: self.grades.get(name, 0) for name in get_args(Grade)}
        return {
            "domain": self.domain,
            "mailboxes": self.mailboxes,
            "messages": self.messages,
            "octets": self.octets,
            **figures,
        }


def by_domain(move: Move) -> list[Part]:
    """What comes for each domain, by name, the account's own first."""
    coming = ~Q(grade="refused")
    figures = rows(move).order_by("domain").values("domain")
    figures = figures.annotate(
        boxes=Count("pk", filter=Q(kind="mailbox") & coming),
        mail=Sum("messages", filter=Q(kind="mail") & coming),
        size=Sum("octets", filter=Q(kind="mail") & coming),
    )
    grades: dict[str, dict[str, int]] = {}
    counted = rows(move).order_by().values_list("domain", "grade").annotate(n=Count("pk"))
    for domain, grade, number in counted:
        grades.setdefault(domain, {})[grade] = number
    return [
        Part(one["domain"], one["boxes"], one["mail"] or 0, one["size"] or 0, grades[one["domain"]])
        for one in figures
    ]
