"""Cases of stolen mailboxes: those that need somebody, all that there were, one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from mailstead.control.people.pages import actor_in, page
from mailstead.control.protection import queries, services, words
from mailstead.control.protection.models import Case, KeptMessage
from mailstead.control.protection.views.proof import PROOF, proven
from mailstead.control.web.charts import Chart, Series, line_chart
from mailstead.control.web.listing import csv_file, listing, wants_csv

SHOWN = 100
"""Cases on the live page; who has more looks at the list of all."""
MOST_IN_FILE = 100_000
PLACES = 48
"""Points of the chart: the evidence is read at so many times, equally far apart."""
_HEADS = (
    "mailbox",
    "server",
    "opened",
    "step",
    "state",
    "evidence",
    "bound",
    "held",
    "got out",
    "recipients",
    "answered by",
    "answered",
    "reason",
)


def _lines(rows: Sequence[Case]) -> list[dict[str, Any]]:
    """Each with its states in words."""
    return [
        {"row": row, "step": words.step_words(row.step), "state": words.state_words(row.state)}
        for row in rows
    ]


def _open(request: HttpRequest) -> dict[str, Any]:
    actor = actor_in(request)
    rows = list(queries.cases(actor, state="now")[: SHOWN + 1])
    return {
        "lines": _lines(rows[:SHOWN]),
        "more": len(rows) > SHOWN,
        "weights": actor.sees_everything,
    }


@page("case.view")
def live(request: HttpRequest) -> HttpResponse:
    """Those that need somebody; the table looks again by itself."""
    return render(request, "protection/live.html", _open(request))


@page("case.view")
def live_part(request: HttpRequest) -> HttpResponse:
    """Only the table."""
    return render(request, "protection/live_part.html", _open(request))


@page("case.view")
def history(request: HttpRequest) -> HttpResponseBase:
    """All that there were."""
    actor = actor_in(request)
    state = request.GET.get("state", "")
    rows = queries.cases(actor, state=state, search=request.GET.get("q", "")[:320])
    if wants_csv(request):
        return csv_file("cases", _HEADS, rows[:MOST_IN_FILE], _cells)
    found = listing(
        request,
        rows,
        sorts={"opened": ("opened", "pk"), "mailbox": ("address", "pk")},
        default="-opened",
        hint=gettext("Part of an address"),
    )
    states = {name: words.state_words(name)[1] for name in queries.STATES}
    if actor.sees_everything:
        states["watched"] = words.step_words("watched")[1]
    context = {
        "listing": found,
        "lines": _lines(found.rows),
        "state": state,
        "states": states,
        "filtered": bool(found.search or state),
        "weights": actor.sees_everything,
    }
    return render(request, "protection/history.html", context)


def _cells(row: Case) -> tuple[str, ...]:
    return (
        row.address,
        row.server,
        row.opened.isoformat(timespec="seconds"),
        row.step,
        row.state,
        f"{row.nats:.1f}",
        f"{row.bound:.1f}",
        str(row.held),
        str(row.messages),
        str(row.recipients),
        row.decided_by,
        row.decided_at.isoformat(timespec="seconds") if row.decided_at else "",
        row.reason,
    )


def told_kept(case: Case) -> list[dict[str, Any]]:
    """The kept messages with what becomes of each in words."""
    rows: list[KeptMessage] = list(queries.kept(case)[: queries.MOST_KEPT])
    return [{"row": row, "state": words.kept_words(row.state, row.decision)} for row in rows]


def parts_of(request: HttpRequest, case: Case) -> dict[str, Any]:
    """What every page about one case shows."""
    actor = actor_in(request)
    return {
        "case": case,
        "step": words.step_words(case.step),
        "state": words.state_words(case.state),
        "counted": queries.counted(case),
        "weights": actor.sees_everything,
        "proven": proven(request, case),
        "can_be_sent": services.can_be_sent(case),
        "released": case.state == "released",
    }


@page("case.view")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One: why, from where, what is held, and what can be done."""
    actor = actor_in(request)
    case = queries.case_numbered(actor, number)
    if "proof" in request.GET:
        # Out of the address, which others may see; it is looked at where it is needed.
        request.session[PROOF] = request.GET["proof"][:300]
        return redirect("protection:release", case.pk)
    context = {
        **parts_of(request, case),
        "clues": [(one, dt.datetime.fromisoformat(one.at)) for one in words.clues_told(case.clues)],
        "sentences": words.against(case.clues),
        "clients": [
            {**one, **{name: dt.datetime.fromisoformat(one[name]) for name in ("first", "last")}}
            for one in case.clients
        ],
        "kept": told_kept(case),
        "most": queries.MOST_KEPT,
        "chart": evidence_chart(case) if actor.sees_everything else None,
        "steps": _steps(case),
    }
    return render(request, "protection/case.html", context)


def _steps(case: Case) -> list[tuple[dt.datetime, tuple[str, str]]]:
    """When the node went from one step to another."""
    found: list[tuple[dt.datetime, str]] = []
    for at, _, step in case.evidence:
        if not found or found[-1][1] != step:
            found.append((dt.datetime.fromisoformat(at), step))
    return [(at, words.step_words(step)) for at, step in found]


def evidence_chart(case: Case) -> Chart | None:
    """The evidence over time beside the bound; None where it was told but once."""
    points = [(dt.datetime.fromisoformat(at), float(nats)) for at, nats, _ in case.evidence]
    if len(points) < 2:
        return None
    first, last = points[0][0], points[-1][0]
    times = [first + (last - first) * n / (PLACES - 1) for n in range(PLACES)]
    values, place = [], 0
    for at in times:
        while place + 1 < len(points) and points[place + 1][0] <= at:
            place += 1
        values.append(round(points[place][1], 2))
    return line_chart(
        key="evidence",
        title=gettext("Evidence over time"),
        times=times,
        series=[
            Series(gettext("Evidence"), values),
            Series(gettext("Counts as stolen from"), [case.bound] * PLACES),
        ],
        unit=gettext("nats"),
        sums=False,
    )
