"""The pages of moves between own servers: making one, and the change of the home server."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.moves import queries, services
from mailstead.control.moves.forms import OwnMoveForm, ReasonForm
from mailstead.control.moves.models import Move
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted


@page("move.create")
def create(request: HttpRequest) -> HttpResponseBase:
    """Take a customer, or some domains, to another server of ours."""
    actor = actor_in(request)
    form = OwnMoveForm(
        request.POST or None,
        customers=hosting.customers(actor).values_list("pk", "name")[:2000],
        servers=hosting.servers(actor).values_list("name", flat=True),
        batches=queries.batches(actor).values_list("name", flat=True),
    )
    made: list[Move] = []

    def act(data: dict[str, Any]) -> None:
        customer, batch = data["customer"], data["batch"]
        made.append(
            services.create_own_move(
                actor=actor,
                now=timezone.now(),
                server=hosting.server_named(actor, data["server"]),
                customer=hosting.customer_numbered(actor, int(customer)) if customer else None,
                domains=[hosting.domain_named(actor, name) for name in data["domains"].split()],
                batch=queries.batch_named(actor, batch) if batch else None,
            )
        )

    if request.method == "POST" and submitted(form, act):
        messages.success(request, gettext("The move is planned."))
        return redirect("moves:plan", made[0].pk)
    return form_page(
        request,
        form,
        title=gettext("Move to another server of ours"),
        act=gettext("Plan it"),
        back=reverse("moves:list"),
        words=gettext(
            "A customer's domains, or the ones that you name, change their home server. Mail "
            "arrives all the time; for some seconds it waits. Nothing begins yet."
        ),
    )


def start(request: HttpRequest, actor: Actor, move: Move) -> HttpResponse:
    """Tell the other server all of it, and copy."""
    question = Question(
        title=gettext("Start {move}").format(move=move),
        lines=[
            gettext("The other server gets to know the domains with all that is in them."),
            gettext("The mail is copied; it arrives where it does now until you switch."),
            gettext("What is changed meanwhile holds on both servers."),
        ],
        act=gettext("Start"),
        back=reverse("moves:move", args=[move.pk]),
    )
    return _confirmed(request, actor, move, question, services.start, gettext("It has started."))


def switch(request: HttpRequest, actor: Actor, move: Move) -> HttpResponse:
    """Change the home server."""
    question = Question(
        title=gettext("Switch {move}").format(move=move),
        lines=[
            gettext("What is new is copied; then mail waits for the seconds of a last round."),
            gettext("After that the domains are at home on the other server."),
            gettext("The server before passes mail on, and log-ins work on both."),
            gettext("If the last round takes too long, all stays as it is, and it says so."),
            gettext("Set the DNS as the page of each domain says."),
        ],
        act=gettext("Switch"),
        back=reverse("moves:move", args=[move.pk]),
    )
    done = gettext("The home server changes as soon as all is there.")
    return _confirmed(request, actor, move, question, services.switch, done)


def finishing() -> list[str]:
    """What the end of one means."""
    return [
        gettext("The server before forgets the domains: nobody logs in there any more."),
        gettext("What lies there is deleted as the mail of removed mailboxes is."),
    ]


def back(request: HttpRequest, actor: Actor, move: Move) -> HttpResponse:
    """Change it back, with all mail."""
    question = Question(
        title=gettext("Take back {move}").format(move=move),
        lines=[
            gettext("The domains go back to their old server by the same way; no mail is lost."),
            gettext("The other server forgets them after a week, or at once if it never was home."),
        ],
        act=gettext("Take it back"),
        back=reverse("moves:move", args=[move.pk]),
        danger=True,
    )
    return _confirmed(request, actor, move, question, services.back, gettext("It goes back."))


def _confirmed(
    request: HttpRequest, actor: Actor, move: Move, question: Question, do: Any, done: str
) -> HttpResponse:
    return confirmed(
        request,
        question,
        lambda data: do(actor=actor, now=timezone.now(), move=move, **data),
        done=lambda: done,
        form=ReasonForm,
    )
