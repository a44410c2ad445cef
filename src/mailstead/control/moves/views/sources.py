"""Moves from an IMAP server, what was asked of a move, and how fast servers copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.views.confirming import form_page
from mailstead.control.moves import queries, services, words
from mailstead.control.moves.forms import (
    BatchChangeForm,
    BatchForm,
    ChangeMoveForm,
    ImapForm,
    NewImapMoveForm,
    PaceForm,
)
from mailstead.control.moves.models import Move
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted


def offered(actor: Actor) -> dict[str, Any]:
    """What forms about moves let somebody choose."""
    return {
        "customers": hosting.customers(actor).values_list("pk", "name")[:2000],
        "servers": hosting.servers(actor).values_list("name", flat=True),
        "batches": queries.batches(actor).values_list("name", flat=True),
    }


def wanted(actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    """What was chosen, fetched through the actor; raises `Refusal`."""
    customer, batch, server = (data.get(name) for name in ("customer", "batch", "server"))
    found = {
        "customer": hosting.customer_numbered(actor, int(customer)) if customer else None,
        "customer_name": data.get("customer_name", ""),
        "old_host": data["old_host"],
        "batch": queries.batch_named(actor, batch) if batch else None,
    }
    return found | ({"server": hosting.server_named(actor, server)} if server else {})


def new_page(
    request: HttpRequest, form: forms.Form, *, kind: str, act: str, words: str
) -> HttpResponse:
    """The form of one kind of sources, with the way to the others."""
    context = {
        "form": form,
        "title": gettext("New move"),
        "act": act,
        "back": reverse("moves:list"),
        "words": words,
        "kind": kind,
    }
    return render(request, "moves/new.html", context)


@page("move.create")
def create_imap(request: HttpRequest) -> HttpResponseBase:
    """Mailboxes of any IMAP server; their log-ins are tried, nothing is made yet."""
    actor = actor_in(request)
    form = NewImapMoveForm(request.POST or None, request.FILES or None, **offered(actor))
    made: list[Move] = []

    def act(data: dict[str, Any]) -> None:
        made.append(
            services.create_imap_move(
                actor=actor,
                now=timezone.now(),
                login=form.login(),
                rows=form.rows(),
                **wanted(actor, data),
            )
        )

    if request.method == "POST" and submitted(form, act):
        messages.success(request, gettext("The home server tries the log-ins."))
        return redirect("moves:move", made[0].pk)
    form.forget_passwords()
    return new_page(
        request,
        form,
        kind="imap",
        act=gettext("Try the log-ins"),
        words=gettext(
            "The home server logs in to each mailbox and looks how much there is. Nothing is made "
            "yet. The passwords go on working here, and are kept encrypted until the move is done."
        ),
    )


def filled(
    request: HttpRequest,
    form: forms.Form,
    do: Callable[[dict[str, Any]], Any],
    *,
    title: str,
    act: str,
    done: str,
    back: str,
    words: str = "",
) -> HttpResponse:
    """One form: shown, or done and back again."""
    if request.method == "POST" and submitted(form, do):
        messages.success(request, done)
        return redirect(back)
    if isinstance(form, ImapForm):
        form.forget_passwords()
    return form_page(request, form, title=title, act=act, back=back, words=words)


@page("move.update")
def logins(request: HttpRequest, number: int) -> HttpResponseBase:
    """Other passwords for some mailboxes, or another server."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    form = ImapForm(request.POST or None, request.FILES or None, initial=queries.login_told(move))
    return filled(
        request,
        form,
        lambda _: services.update_logins(
            actor=actor, now=timezone.now(), move=move, rows=form.rows(), login=form.login()
        ),
        title=gettext("Log-ins of {move}").format(move=move),
        act=gettext("Try them"),
        done=gettext("The log-ins are tried, and hold from the next round of each copy."),
        back=reverse("moves:move", args=[move.pk]),
        words=gettext(
            "Name only mailboxes whose password or user is another one. What is left empty stays."
        ),
    )


@page("move.update")
def change(request: HttpRequest, number: int) -> HttpResponseBase:
    """For whom, in which batch, from where, how fast."""
    actor = actor_in(request)
    move = queries.move_numbered(actor, number)
    initial = {
        "customer": str(move.customer_id or ""),
        "customer_name": "" if move.customer_id else move.customer_name,
        "old_host": move.old_host,
        "batch": move.batch.name if move.batch else "",
        "octets_per_second": move.octets_per_second,
        "note": move.note,
    }
    begun = not queries.may_change_customer(move)
    form = ChangeMoveForm(request.POST or None, initial=initial, begun=begun, **offered(actor))

    def act(data: dict[str, Any]) -> None:
        who = wanted(actor, data)
        if begun:
            del who["customer"], who["customer_name"]
        elif who["customer"] is not None:
            who["customer_name"] = None
        services.update_move(
            actor=actor,
            now=timezone.now(),
            move=move,
            no_batch=not data["batch"],
            note_words=data["note"],
            octets_per_second=data["octets_per_second"],
            **who,
        )

    return filled(
        request,
        form,
        act,
        title=gettext("Change {move}").format(move=move),
        act=gettext("Change it"),
        done=gettext("The move was changed."),
        back=reverse("moves:move", args=[move.pk]),
    )


@page("move.pace")
def paces(request: HttpRequest) -> HttpResponseBase:
    """How much each server copies at once."""
    return render(request, "moves/paces.html", {"paces": queries.paces(actor_in(request))})


@page("move.pace")
def pace(request: HttpRequest, server: str) -> HttpResponseBase:
    """One server's."""
    actor = actor_in(request)
    row = hosting.server_named(actor, server)
    told = queries.pace_of(row.name)
    initial = {"at_once": told.at_once, "octets_per_second": told.octets_per_second}
    form = PaceForm(request.POST or None, initial=initial)
    return filled(
        request,
        form,
        lambda data: services.set_pace(actor=actor, now=timezone.now(), server=row, **data),
        title=gettext("Pace of {server}").format(server=row.name),
        act=gettext("Set it"),
        done=gettext("The pace holds from now on, for copies that run too."),
        back=reverse("moves:paces"),
        words=gettext("What a move has of its own holds besides: the lower bound counts."),
    )


@page("batch.view", post="batch.create")
def batches(request: HttpRequest) -> HttpResponseBase:
    """Moves that belong together, and a new batch."""
    actor = actor_in(request)
    form = BatchForm(request.POST or None)
    if request.method == "POST" and submitted(
        form, lambda data: services.create_batch(actor=actor, now=timezone.now(), **data)
    ):
        messages.success(request, gettext("The batch was made."))
        return redirect("moves:batches")
    lines = [
        (batch, [(row, words.STATES[row.state]) for row in rows])
        for batch, rows in queries.batches_with_moves(actor)
    ]
    return render(request, "moves/batches.html", {"form": form, "lines": lines})


@page("batch.update")
def change_batch(request: HttpRequest, number: int) -> HttpResponseBase:
    """How many of its moves copy at the same time."""
    actor = actor_in(request)
    batch = queries.batch_numbered(actor, number)
    form = BatchChangeForm(request.POST or None, initial={"at_once": batch.at_once})
    return filled(
        request,
        form,
        lambda data: services.update_batch(
            actor=actor, now=timezone.now(), batch=batch, at_once=data["at_once"]
        ),
        title=gettext("Batch {name}").format(name=batch.name),
        act=gettext("Change it"),
        done=gettext("The batch was changed."),
        back=reverse("moves:batches"),
    )
