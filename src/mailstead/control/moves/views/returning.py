"""The pages about mail that goes to the old server again, or comes from it once more."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting.views.confirming import Question, confirmed
from mailstead.control.moves import queries, services, words
from mailstead.control.moves.forms import AnewForm, ReasonForm
from mailstead.control.moves.models import Move
from mailstead.control.people.pages import actor_in, page

SHOWN = 300
"""Mailboxes on the page; the API has all."""


def returning_of(move: Move) -> dict[str, Any]:
    """How far the mail of a move that was taken back is."""
    rows = list(queries.brought_back(move))
    return {
        "returned": queries.returned(rows),
        "returns": [(row, words.returning(row)) for row in rows[:SHOWN]],
        "more_returns": max(0, len(rows) - SHOWN),
    }


@page("move.return", only_post=True)
def again(request: HttpRequest, number: int) -> HttpResponseBase:
    """Look into each mailbox once more, and try again what was refused."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    services.bring_back_again(actor=actor, now=timezone.now(), move=move)
    messages.success(request, gettext("What is left is tried again."))
    return redirect("moves:move", move.pk)


@page("move.returned")
def end(request: HttpRequest, number: int) -> HttpResponseBase:
    """Wait no longer for the old server."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    question = Question(
        title=gettext("Wait no longer for the old server of {move}").format(move=move),
        lines=[
            gettext("Nothing more is brought to the old server by itself."),
            gettext("What it does not have can be fetched as a file for each mailbox."),
        ],
        act=gettext("Wait no longer"),
        back=reverse("moves:move", args=[move.pk]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda data: services.end_returning(actor=actor, now=timezone.now(), move=move, **data),
        done=lambda: gettext("The move is taken back."),
        form=ReasonForm,
    )


@page("move.fetch-kept", only_post=True)
def fetch(request: HttpRequest, number: int, mailbox: int) -> HttpResponseBase:
    """One mailbox's mail that is not at the old server: mboxes in a zip."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    row, path = services.fetch_kept(actor=actor, now=timezone.now(), move=move, number=mailbox)
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"{row.address}.zip")


@page("move.copy")
def anew(request: HttpRequest, number: int) -> HttpResponseBase:
    """Look at everything again, at both ends."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    question = Question(
        title=gettext("Look at everything of {move} again").format(move=move),
        lines=[
            gettext("Both sides are compared whole, and what is missing here is brought again."),
            gettext(
                "That is also what the users have deleted here since it came: nobody can tell what "
                "was lost from what was deleted. Name one mailbox where only that one misses mail."
            ),
            gettext("What was moved into another folder here does not come a second time."),
        ],
        act=gettext("Look at everything again"),
        back=reverse("moves:move", args=[move.pk]),
    )
    return confirmed(
        request,
        question,
        lambda data: services.copy_again(
            actor=actor, now=timezone.now(), move=move, anew=True, **data
        ),
        done=lambda: gettext("Everything is looked at again."),
        form=AnewForm,
    )
