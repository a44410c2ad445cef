"""The pages by which a move is made and taken further."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.moves import life, queries, services, words
from mailstead.control.moves.forms import (
    AnnounceForm,
    AnswersForm,
    BackForm,
    LossForm,
    NewMoveForm,
    ReasonForm,
    RedirectForm,
)
from mailstead.control.moves.models import Move
from mailstead.control.moves.plan.make import MESSAGES_PER_SECOND, OCTETS_PER_SECOND
from mailstead.control.moves.views import own
from mailstead.control.moves.views.show import parts_of, told
from mailstead.control.moves.views.sources import filled, new_page, offered, wanted
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.standards.refusal import Refusal

MOST_ROWS = 2000
"""Rows of a plan on one page."""


@page("move.create")
def create(request: HttpRequest) -> HttpResponseBase:
    """From a source that was put below `moves/incoming/`."""
    actor = actor_in(request)
    form = NewMoveForm(request.POST or None, places=services.listed(), **offered(actor))
    made: list[Move] = []

    def act(data: dict[str, Any]) -> None:
        place = services.incoming(data["place"])
        who = wanted(actor, data)
        made.append(services.create_move(actor=actor, now=timezone.now(), place=place, **who))

    if request.method == "POST" and submitted(form, act):
        messages.success(request, gettext("The source is being read."))
        return redirect("moves:move", made[0].pk)
    return new_page(
        request,
        form,
        kind="files",
        act=gettext("Read the source"),
        words=gettext(
            "Put the archive of the account, or its unpacked tree, into the server's directory "
            "moves/incoming/. It is read and planned; nothing is made yet."
        ),
    )


@page("move.plan", post="move.answer")
def plan(request: HttpRequest, number: int) -> HttpResponseBase:
    """What comes, what differs, what does not come; and what has to be decided."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    # Most of a plan comes as it is: what somebody has to look at is shown unless asked for more.
    grade = request.GET.get("grade", queries.NOTABLE)
    domain = request.GET.get("domain") or None
    asking = list(queries.rows(move).exclude(choices=[]))
    initial = {f"row-{row.number}": move.answers.get(row.key, "") for row in asking}
    form = AnswersForm(request.POST or None, rows=asking, initial=initial)
    if request.method == "POST" and submitted(
        form,
        lambda _: services.answer(
            actor=actor, now=timezone.now(), move=move, answers=form.answers()
        ),
    ):
        messages.success(request, gettext("The plan was made anew."))
        return redirect("moves:plan", move.pk)
    rows = list(queries.rows(move, grade=grade, domain=domain)[:MOST_ROWS])
    domains = queries.by_domain(move)
    rates = queries.rates(move.server.name if move.server else "")
    octets, count = sum(one.octets for one in domains), sum(one.messages for one in domains)
    context = {
        **parts_of(move, actor),
        "form": form if asking and move.state in life.TABLE["plan"] else None,
        "lines": told(rows),
        "grade": grade,
        "domain": domain or "",
        "grades": {
            queries.NOTABLE: gettext("what needs a look"),
            **{name: pair[1] for name, pair in words.GRADES.items()},
        },
        "domains": [
            (
                one,
                words.duration(_seconds(rates, one.octets, one.messages)) if one.messages else "",
                [(words.GRADES[name], one.grades.get(name, 0)) for name in words.GRADES],
            )
            for one in domains
        ],
        "octets": octets,
        "messages_all": count,
        "time": words.duration(_seconds(rates, octets, count)),
        "most": MOST_ROWS if len(rows) == MOST_ROWS else 0,
    }
    return render(request, "moves/plan.html", context)


def _seconds(rates: tuple[float, float], octets: int, count: int) -> float:
    """About how long the first round takes, by what was measured on the node, if anything was."""
    per_octet, per_message = rates
    if per_octet:
        return max(octets / per_octet, count / (per_message or 1e9))
    return octets / OCTETS_PER_SECOND + count / MESSAGES_PER_SECOND


@page("move.plan")
def room(request: HttpRequest, number: int) -> HttpResponseBase:
    """Whether the home server has room for what comes, as it says now."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    found, problem = [], ""
    try:
        found = services.check_node(actor=actor, now=timezone.now(), move=move)
    except Refusal as refusal:
        problem = refusal.say(gettext)
    context = {
        **parts_of(move, actor),
        "lines": [(words.LIMITS[one.name], one, words.ROOM[one.state]) for one in found],
        "problem": problem,
    }
    return render(request, "moves/room.html", context)


@page("move.announce")
def announce(request: HttpRequest, number: int) -> HttpResponseBase:
    """When it happens; owner and mailboxes are written to."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    initial = {
        "time_zone": move.time_zone or str(timezone.get_current_timezone()),
        "note": move.note,
    }
    form = AnnounceForm(request.POST or None, initial=initial)
    told_: list[int] = []

    def act(data: dict[str, Any]) -> None:
        told_.append(services.announce(actor=actor, now=timezone.now(), move=move, **data))

    if request.method == "POST" and submitted(form, act):
        messages.success(request, gettext("{n} letters were written.").format(n=told_[0]))
        return redirect("moves:move", move.pk)
    return form_page(
        request,
        form,
        title=gettext("Announce {move}").format(move=move),
        act=gettext("Write to them"),
        back=reverse("moves:move", args=[move.pk]),
        words=gettext("The letters name the new server, the window and what to do."),
    )


def _asked(
    request: HttpRequest,
    number: int,
    *,
    title: Callable[[Move], str],
    lines: Sequence[str],
    act: str,
    do: Callable[..., Any],
    done: str,
    form: type[forms.Form] = ReasonForm,
    danger: bool = False,
    then: str = "",
) -> HttpResponse:
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    question = Question(
        title=title(move),
        lines=lines,
        act=act,
        back=reverse("moves:move", args=[move.pk]),
        danger=danger,
    )
    return confirmed(
        request,
        question,
        lambda data: do(actor=actor, now=timezone.now(), move=move, **data),
        done=lambda: done,
        form=form,
        then=then,
    )


def _between(request: HttpRequest, number: int) -> Move | None:
    """The move, if it is one between own servers."""
    move = queries.move_numbered(actor_in(request), number)
    return move if move.origin == "node" else None


@page("move.start")
def start(request: HttpRequest, number: int) -> HttpResponseBase:
    """Make everything here, then copy the mail."""
    move = _between(request, number)
    if move is not None:
        return own.start(request, actor_in(request), move)
    return _asked(
        request,
        number,
        title=lambda move: gettext("Start {move}").format(move=move),
        lines=[
            gettext("Customer, domains, mailboxes and all else of the plan are made here."),
            gettext("The mail is copied; at the old server nothing changes."),
            gettext("Mail goes to the old server until you switch."),
        ],
        act=gettext("Start"),
        do=services.start,
        done=gettext("The move has started."),
    )


@page("move.switch")
def switch(request: HttpRequest, number: int) -> HttpResponseBase:
    """Deliver the mail here from now on; the DNS of each domain comes next, in one sitting."""
    move = _between(request, number)
    if move is not None:
        return own.switch(request, actor_in(request), move)
    found = queries.pointing(queries.move_numbered(actor_in(request), number))
    leading = sum(one.state == "here" for one in found)
    now_ = gettext("The DNS of {here} of {all} domains leads here by the last look.")
    return _asked(
        request,
        number,
        title=lambda move: gettext("Switch {move}").format(move=move),
        lines=[
            gettext("Mail for the domains is delivered here from now on."),
            now_.format(here=leading, all=len(found)),
            gettext("The next page says for each what to set, and pushes it where it can."),
            gettext("What still reaches the old server is fetched; nothing here is overwritten."),
            gettext("For 30 days it can be taken back."),
        ],
        act=gettext("Switch"),
        do=services.switch,
        done=gettext("Switched: mail arrives here."),
        then=reverse("moves:dns", args=[number]),
    )


@page("move.verify")
def verify(request: HttpRequest, number: int) -> HttpResponseBase:
    """Give the customer the parity report."""
    return _asked(
        request,
        number,
        title=lambda move: gettext("Let the customer look at {move}").format(move=move),
        lines=[gettext("The customer sees the parity report, and confirms it or reports a loss.")],
        act=gettext("Ask the customer"),
        do=services.verify,
        done=gettext("The customer sees the report now."),
    )


@page("move.confirm")
def confirm(request: HttpRequest, number: int) -> HttpResponseBase:
    """All is there."""
    return _asked(
        request,
        number,
        title=lambda move: gettext("Confirm {move}").format(move=move),
        lines=[gettext("All that you expected is there. You can still report a loss later.")],
        act=gettext("All is there"),
        do=services.confirm,
        done=gettext("Thank you: the move is confirmed."),
    )


@page("move.finish")
def finish(request: HttpRequest, number: int) -> HttpResponseBase:
    """The old server is needed no more."""
    lines = [gettext("No further mail is fetched from the old server.")]
    if _between(request, number) is not None:
        lines = own.finishing()
    return _asked(
        request,
        number,
        title=lambda move: gettext("Finish {move}").format(move=move),
        lines=lines,
        act=gettext("Finish"),
        do=services.finish,
        done=gettext("The move is done."),
    )


@page("move.back")
def back(request: HttpRequest, number: int) -> HttpResponseBase:
    """Mail goes to the old server again, what has come here since the switch too."""
    move = _between(request, number)
    if move is not None:
        return own.back(request, actor_in(request), move)
    return _asked(
        request,
        number,
        title=lambda move: gettext("Take {move} back").format(move=move),
        lines=[
            gettext("Mail that arrives here is passed on to the old server from now on."),
            gettext(
                "What has arrived here since the switch is brought to the old server, each message "
                "once; that may take a while, and the page of the move says how far it is."
            ),
            gettext(
                "What was sent or saved here since then goes there too where we can log in to its "
                "mailboxes by IMAP; otherwise it can be fetched as a file."
            ),
            gettext("All that is here stays here as well."),
            gettext("Set the DNS to the old server again."),
        ],
        act=gettext("Take it back"),
        do=services.back,
        done=gettext("Mail goes to the old server again; what has come here is brought there."),
        form=BackForm,
        danger=True,
    )


def _acted(request: HttpRequest, number: int, do: Callable[..., Any], done: str) -> HttpResponse:
    """Do it at once, without a question."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    do(actor=actor, now=timezone.now(), move=move)
    messages.success(request, done)
    return redirect("moves:move", move.pk)


@page("move.pause", only_post=True)
def pause(request: HttpRequest, number: int) -> HttpResponseBase:
    """Stop the copies where they stand."""
    return _acted(
        request,
        number,
        partial(services.pause, paused=True),
        gettext("The copies stop where they stand."),
    )


@page("move.resume", only_post=True)
def resume(request: HttpRequest, number: int) -> HttpResponseBase:
    """Let the copies go on, and try again what could not be made."""
    return _acted(request, number, services.go_on, gettext("The copies go on."))


@page("move.copy", only_post=True)
def copy(request: HttpRequest, number: int) -> HttpResponseBase:
    """Another round: what has changed since the last one."""
    return _acted(request, number, services.copy_again, gettext("Another round begins."))


@page("move.read", only_post=True)
def read(request: HttpRequest, number: int) -> HttpResponseBase:
    """Read the source again."""
    return _acted(request, number, services.ask_reading, gettext("The source is being read."))


@page("move.redirect")
def add_redirect(request: HttpRequest, number: int) -> HttpResponseBase:
    """Another name of the old panel leads here."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    return filled(
        request,
        RedirectForm(request.POST or None),
        lambda data: services.add_redirect(actor=actor, now=timezone.now(), move=move, **data),
        title=gettext("Redirect another name"),
        act=gettext("Redirect it"),
        done=gettext("The name leads here."),
        back=reverse("moves:move", args=[move.pk]),
        words=gettext("The name is answered here, at the ports of cPanel and DirectAdmin too."),
    )


@page("move.end-redirect")
def end_redirect(request: HttpRequest, number: int, host: str) -> HttpResponseBase:
    """The name is not answered any more."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    queries.redirect_of(move, host)
    question = Question(
        title=gettext("End the redirect of {host}").format(host=host),
        lines=[gettext("Who still comes by the old address finds nothing there.")],
        act=gettext("End it"),
        back=reverse("moves:move", args=[move.pk]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.end_redirect(actor=actor, now=timezone.now(), move=move, host=host),
        done=lambda: gettext("The redirect has ended."),
    )


@page("move.report-loss")
def report_loss(request: HttpRequest, number: int) -> HttpResponseBase:
    """Something is missing: the move is open again."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    return filled(
        request,
        LossForm(request.POST or None),
        lambda data: services.report_loss(actor=actor, now=timezone.now(), move=move, **data),
        title=gettext("Report a loss"),
        act=gettext("Report it"),
        done=gettext("We look after it; the answer will stand here."),
        back=reverse("moves:move", args=[move.pk]),
        words=gettext("The old server is still there, and what is missing can be fetched."),
    )


@page("move.settle-loss")
def settle(request: HttpRequest, number: int, loss: int) -> HttpResponseBase:
    """What became of a reported loss."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    form = LossForm(request.POST or None)
    form.fields["words"].label = gettext("What became of it")
    form.fields["words"].help_text = gettext("The customer reads it.")
    return filled(
        request,
        form,
        lambda data: services.settle_loss(
            actor=actor, now=timezone.now(), move=move, number=loss, **data
        ),
        title=gettext("Settle a loss"),
        act=gettext("Settle it"),
        done=gettext("Settled."),
        back=reverse("moves:move", args=[move.pk]),
    )
