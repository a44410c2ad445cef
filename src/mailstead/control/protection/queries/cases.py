"""Cases of stolen mailboxes, from an actor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.queries.scope import of_mailboxes
from mailstead.control.people.actor import Actor
from mailstead.control.protection.models import Case, KeptMessage
from mailstead.standards.refusal import Refusal

OPEN = ("open", "confirmed")
"""States in which the mailbox does not send as it used to."""
STATES = ("open", "released", "confirmed", "closed")
WATCHED_SHOWN = dt.timedelta(days=3)
"""How long one for which nothing is held counts among those that need somebody."""
LOOK_BACK = dt.timedelta(days=14)
"""No theft is thought to have begun longer ago than that before its case."""
MOST_KEPT = 500
"""Kept messages of a case that are shown and decided at once."""


def of_cases(actor: Actor) -> Q:
    """Cases that the actor sees; those that are only watched are the company's matter."""
    if actor.sees_everything:
        return Q()
    return of_mailboxes(actor, "mailbox__") & Q(mailbox__isnull=False, watched=False)


def cases(
    actor: Actor, *, state: str = "", search: str = "", mailbox: int | None = None
) -> QuerySet[Case]:
    """The newest first; `state` is one of `STATES`, `now` (not settled) or empty for all.

    `search` is part of the address.
    """
    rows = Case.objects.filter(of_cases(actor))
    if state == "now":
        lately = timezone.now() - WATCHED_SHOWN
        rows = rows.filter(
            Q(state__in=OPEN, watched=False)
            | Q(state="open", watched=True, opened__gte=lately)
            | Q(pk__in=_with_waiting())
        )
    elif state == "watched":
        rows = rows.filter(watched=True)
    elif state in STATES:
        rows = rows.filter(state=state)
    if mailbox is not None:
        rows = rows.filter(mailbox=mailbox)
    text = search.strip().lower()
    if text:
        rows = rows.filter(address__contains=text)
    # Counted for each row that is shown, not for all before the page is cut.
    waiting = KeptMessage.objects.filter(case=OuterRef("pk"), state="waiting", decision="none")
    counts = waiting.order_by().values("case").annotate(n=Count("pk")).values("n")
    return (
        rows.annotate(waiting=Coalesce(Subquery(counts), 0))
        .select_related("mailbox__domain__customer__reseller", "mailbox__domain__server")
        .order_by("-opened", "-pk")
    )


def _with_waiting() -> QuerySet[KeptMessage, Any]:
    return KeptMessage.objects.filter(state="waiting").values("case")


def case_numbered(actor: Actor, number: int) -> Case:
    """One of them; raises `Refusal` (`case-unknown`)."""
    found = cases(actor).filter(pk=number).first()
    if found is None:
        raise Refusal("case-unknown", "There is no such case.", remedy="Look at the list again.")
    return found


def newest_case(actor: Actor, address: str) -> Case:
    """The newest of a mailbox's address; raises `Refusal` (`case-unknown`)."""
    found = cases(actor).filter(address=address.strip().lower()).first()
    if found is None:
        raise Refusal(
            "case-of-mailbox-unknown",
            "There is no case of {address}.",
            remedy="List them: guard cases.",
            address=address,
        )
    return found


def kept(case: Case) -> QuerySet[KeptMessage]:
    """What is kept of a case that was fetched through the actor, the oldest first."""
    return KeptMessage.objects.filter(case=case).order_by("taken", "pk")


def unsettled(actor: Actor, *, mailbox: Mailbox | None = None) -> list[Case]:
    """Cases that need somebody, for a notice: not answered, or with messages that wait."""
    rows = cases(actor, state="now", mailbox=mailbox.pk if mailbox else None)
    return list(rows.filter(watched=False)[:5])


@dataclass(frozen=True)
class Counted:
    """How many messages of a case are where."""

    waiting: int
    """Nobody has decided."""
    under_way: int
    """Decided; the node has not done it yet."""
    sent: int
    deleted: int
    gone: int

    @property
    def total(self) -> int:
        """All that were kept."""
        return self.waiting + self.under_way + self.sent + self.deleted + self.gone


def counted(case: Case) -> Counted:
    """In one query."""
    rows = KeptMessage.objects.filter(case=case).order_by().values_list("state", "decision")
    found: Mapping[tuple[str, str], int] = {
        (state, decision): n for state, decision, n in rows.annotate(n=Count("pk"))
    }

    def of(state: str) -> int:
        return sum(n for (one, _), n in found.items() if one == state)

    waiting = found.get(("waiting", "none"), 0)
    return Counted(waiting, of("waiting") - waiting, of("sent"), of("deleted"), of("gone"))


def suspicious_since(case: Case) -> dt.datetime:
    """From when on what was done with the mailbox may have been the thief's."""
    times = [case.opened]
    times += [dt.datetime.fromisoformat(one["at"]) for one in case.clues if one["nats"] > 0]
    times += [dt.datetime.fromisoformat(one["first"]) for one in case.clients if not one["usual"]]
    return max(min(times), case.opened - LOOK_BACK)
