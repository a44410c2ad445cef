"""The first page of operator, staff and resellers: what there is and what needs attention."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.feed import queries as feed
from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Server
from mailstead.control.hosting.queries.company import AtLimit
from mailstead.control.hosting.queries.company_overview import limits_reached, totals
from mailstead.control.hosting.views.server_states import Standing, standing
from mailstead.control.jobs.models import State
from mailstead.control.people.pages import actor_in

_RECENT = dt.timedelta(minutes=10)
"""A node's figures that are older say nothing about now."""
_QUEUES = ("queue_active", "queue_deferred", "queue_hold", "queue_incoming")
_SHOWN = 8


@dataclass(frozen=True)
class Machine:
    """One server as the overview shows it; None where its figures have not come."""

    one: Standing
    waiting: int | None
    held: int | None
    disk_free: int
    disk_total: int

    @property
    def disk_used(self) -> int:
        """Bytes in use."""
        return self.disk_total - self.disk_free


def company(request: HttpRequest) -> HttpResponse:
    """The overview of who has customers; `views.overview` has asked for the rule."""
    actor = actor_in(request)
    own = None
    if actor.kind == "reseller":
        own = queries.customer_numbered(actor, actor.customer)
    context = {
        "totals": totals(actor),
        "machines": _machines(timezone.now()) if actor.sees_everything else [],
        "limits": [(one, _limit_words(one)) for one in limits_reached(actor)],
        "failed": queries.jobs_of(actor).filter(state=State.FAILED)[:_SHOWN],
        "trail": queries.trail(actor)[:_SHOWN],
        "own": own,
        "have": queries.figures_with_customers(own) if own else None,
        "sold": queries.sold_by(own) if own else None,
    }
    return render(request, "hosting/overview/company.html", context)


def _machines(now: dt.datetime) -> list[Machine]:
    heads, samples = feed.states(), feed.last_samples(now - _RECENT)
    found = []
    for server in Server.objects.order_by("name")[:50]:
        sample = samples.get(server.name)
        figures = sample.figures if sample else {}
        found.append(
            Machine(
                standing(server, heads.get(server.name), now),
                waiting=sum(figures.get(key, 0) for key in _QUEUES) if sample else None,
                held=figures.get("queue_hold", 0) if sample else None,
                disk_free=figures.get("disk_free", 0),
                disk_total=figures.get("disk_total", 0),
            )
        )
    return found


def _limit_words(one: AtLimit) -> str:
    return {
        "storage": gettext("The storage is full: no mail is received."),
        "mailboxes": gettext("All mailboxes that it may have are there."),
        "domains": gettext("All domains that it may have are there."),
    }[one.what]
