"""The list of moves, one move, how far it is, and its parity report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from mailstead.control.moves import life, queries, services, words
from mailstead.control.moves.models import Move, PlanRow, Step
from mailstead.control.moves.views.returning import returning_of
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.listing import csv_file, listing, wants_csv

MOST_IN_FILE = 100_000
SHOWN = 300
"""Copies on the page; the API has all."""
MOST_POINTING = 100
"""Domains of which it is told on the move's own page where they lead."""
_ROUTES: dict[str, str] = {
    "announce": "moves:announce",
    "start": "moves:start",
    "switch": "moves:switch",
    "verify": "moves:verify",
    "watch": "moves:confirm",
    "finish": "moves:finish",
    "back": "moves:back",
    "returned": "moves:end-return",
}


@page("move.view")
def overview(request: HttpRequest) -> HttpResponseBase:
    """All that the reader sees, the newest first."""
    actor = actor_in(request)
    state = request.GET.get("state", "")
    found = queries.moves(actor, state=state, search=request.GET.get("q", "")[:200])
    if wants_csv(request):
        heads = ("number", "account", "customer", "batch", "state", "since", "place")
        return csv_file("moves", heads, found[:MOST_IN_FILE], _cells)
    rows = listing(
        request,
        found,
        sorts={"number": ("pk",), "since": ("since", "pk"), "state": ("state", "pk")},
        default="-number",
        hint=gettext("Part of an account, customer or batch"),
    )
    context = {
        "listing": rows,
        "lines": [(row, _states(actor)[row.state]) for row in rows.rows],
        "state": state,
        "states": {name: _states(actor)[name][1] for name in life.STATES},
        "company": actor.sees_everything,
    }
    return render(request, "moves/list.html", context)


def _cells(row: Move) -> tuple[str, ...]:
    return (
        str(row.pk),
        row.account,
        row.customer_name,
        row.batch.name if row.batch else "",
        row.state,
        row.since.isoformat(timespec="seconds"),
        row.place,
    )


def _states(actor: Actor) -> Mapping[str, tuple[str, words.Words]]:
    return words.STATES if actor.sees_everything else words.FOR_CUSTOMERS


def parts_of(move: Move, actor: Actor) -> dict[str, Any]:
    """What every page about one move shows."""
    state = _states(actor)[move.state]
    return {"move": move, "state": state, "company": actor.sees_everything}


def progress_of(move: Move) -> dict[str, Any]:
    """How far the copies are."""
    rows = list(queries.copies(move))
    found = queries.progress(rows)
    return {
        "progress": found,
        "left": words.duration(found.left) if found.left is not None else "",
        "copies": [(row, words.COPIES[row.state]) for row in rows[:SHOWN]],
        "more_copies": max(0, len(rows) - SHOWN),
        "live": (move.state in life.MOVING and found.running) or move.state == "returning",
        **returning_of(move),
        "reading": move.reading in ("asked", "reading"),
    }


@page("move.view")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One: its state, what can be done, how far it is, what has happened."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    rows = queries.rows(move)
    old = queries.old_addresses(move) if actor.sees_everything else []
    own = move.own if move.origin == "node" else None
    context = {
        **parts_of(move, actor),
        **progress_of(move),
        "acts": _acts(move, actor),
        "asks": rows.filter(grade="asks").count(),
        "counts": _counts(move),
        "steps": [
            (one, words.ACTS.get(one.act, one.act), _states(actor)[one.state])
            for one in _steps(move, actor)
        ],
        "letters": move.letters.count(),
        "pointing": pointing_counts(move) if move.state not in life.OVER else [],
        "books": [(one, one.mailbox.address) for one in queries.address_books(move)],
        "redirects": [one for one in old if one.hits],
        "unvisited": [one for one in old if not one.hits],
        "taken_ports": queries.taken_ports(move) if actor.sees_everything else [],
        "redirecting": move.state in services.SWITCHED and move.origin != "node",
        "losses": list(move.losses.order_by("-pk")[:50]),
        "phase": words.PHASES.get(own.phase, "") if own else "",
        "own": own,
        "failed": [(row, words.kind(row.kind)) for row in rows.filter(outcome="failed")[:100]],
    }
    return render(request, "moves/show.html", context)


def _steps(move: Move, actor: Actor) -> QuerySet[Step]:
    found = move.steps.order_by("-pk")
    # How often it was planned is the company's own matter.
    return (found if actor.sees_everything else found.exclude(act="plan"))[:30]


def pointing_counts(move: Move) -> list[tuple[tuple[str, Any], int]]:
    """How many domains lead where; of a move with very many nothing, as each takes its time."""
    if move.things.filter(kind="domain").count() > MOST_POINTING:
        return []
    found: Counter[str] = Counter(one.state for one in queries.pointing(move))
    return [(words.POINTING[state], found[state]) for state in words.POINTING if found[state]]


def _acts(move: Move, actor: Actor) -> list[tuple[str, Any]]:
    """Route and words of what the reader can do now."""
    found = []
    for act in life.acts(move.state):
        if act == "watch" and not actor.sees_everything:
            continue  # the page asks for it in words of its own
        rule = "move.confirm" if act == "watch" else f"move.{act}"
        if act in _ROUTES and roles.may(actor, rule):
            name = gettext("Wait no longer") if act == "returned" else words.ACTS[act]
            found.append((_ROUTES[act], name))
    return found


def _counts(move: Move) -> list[tuple[tuple[str, Any], int]]:
    rows = queries.rows(move).order_by()
    return [(words.GRADES[grade], rows.filter(grade=grade).count()) for grade in words.GRADES]


@page("move.view")
def progress(request: HttpRequest, number: int) -> HttpResponse:
    """Only how far it is, for htmx."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    context = {**parts_of(move, actor), **progress_of(move)}
    return render(request, "moves/progress.html", context)


def told(rows: list[PlanRow]) -> list[dict[str, Any]]:
    """Rows with everything in words."""
    return [
        {
            "row": row,
            "kind": words.kind(row.kind),
            "grade": words.GRADES[row.grade],
            "why": words.why(row),
            "outcome": words.OUTCOMES[row.outcome],
        }
        for row in rows
    ]


@page("move.view")
def parity(request: HttpRequest, number: int) -> HttpResponse:
    """The report, to be read and printed: row by row what came, and what did not."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    found = queries.report(move)
    context = {
        **parts_of(move, actor),
        "report": found,
        "overall": words.PARITY[found.state],
        "counts": found.counts,
        "parts": [
            {
                "domain": part.domain,
                "state": words.PARITY[part.state],
                "lines": told(part.rows),
                "compared": [
                    {
                        "address": one.copy.address,
                        "state": words.PARITY[one.state],
                        "words": one.copy.words,
                        "lines": [
                            (words.LINES[line.kind], line, words.PARITY[line.state])
                            for line in one.lines
                        ],
                    }
                    for one in part.compared
                ],
                "looked": [(one, words.PARITY[one.state]) for one in part.looked],
            }
            for part in found.parts
        ],
    }
    return render(request, "moves/parity.html", context)
