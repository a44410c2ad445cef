"""Sending addresses: what each may do, what rests where and why, and the operator's word on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.forms.sending import (
    CLASSES,
    STATES,
    AddressForm,
    MarkForm,
    NewAddressForm,
    RestForm,
    ReturnForm,
    ServerSendingForm,
    end_of,
)
from mailstead.control.delivery.models import (
    AddressRest,
    Listing,
    RouteChoice,
    SendingAddress,
    SentCount,
)
from mailstead.control.delivery.words import way_words
from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.people.pages import actor_in, page
from mailstead.control.people.roles import may
from mailstead.control.web.forms import submitted
from mailstead.wire.pools import by_address

MOST = 100
"""Rows of each list on a page."""
_KINDS = {"active": "good", "warming": "warn", "paused": "quiet"}


@dataclass(frozen=True)
class Standing:
    """An address as the pages show it."""

    row: SendingAddress
    kind: str
    words: str
    classes: list[str]
    resting: int
    """From how many receivers it rests now."""
    today: int
    """Recipients of today."""
    lists: list[str]
    """DNS lists that name it now."""


@dataclass(frozen=True)
class Resting:
    """A rest with the name of its address."""

    row: AddressRest
    name: str
    why: str


@dataclass(frozen=True)
class Turned:
    """A decision in words."""

    row: RouteChoice
    mail_class: str
    way: str


def _why(rest: AddressRest) -> str:
    return {
        "reputation": gettext("the receiver refuses the address"),
        "rate": gettext("too much at once"),
        "operator": gettext("by order"),
    }.get(rest.kind, rest.kind)


def _standing(
    row: SendingAddress,
    rests: list[AddressRest],
    counts: list[SentCount],
    listings: list[Listing],
) -> Standing:
    return Standing(
        row,
        _KINDS.get(row.state, "quiet"),
        str(dict(STATES).get(row.state, row.state)).partition(":")[0],
        [str(words) for name, words in CLASSES if name in row.classes],
        sum(1 for rest in rests if rest.address == row.pk),
        sum(one.count for one in counts if one.address == row.pk),
        sorted({one.zone for one in listings if one.subject in (row.ipv4, row.ipv6, row.helo)}),
    )


def _turned(row: RouteChoice, names: dict[str, str]) -> Turned:
    mail_class = str(dict(CLASSES).get(row.mail_class, row.mail_class))
    return Turned(row, mail_class, way_words(row.way, names))


@page("sending.view")
def overview(request: HttpRequest) -> HttpResponse:
    """All addresses, what rests now, the latest decisions, marked senders."""
    actor, now = actor_in(request), timezone.now()
    rows = list(queries.sending_addresses(actor))
    rests = list(queries.rests(actor, now))
    counts = list(queries.counts(actor, now.astimezone(dt.UTC).date()))
    listings = list(queries.listings(actor, open_only=True)[:MOST])
    names = {row.pk: row.helo for row in rows}
    ways = {by_address(number): name for number, name in names.items()}
    context = {
        "rows": [_standing(row, rests, counts, listings) for row in rows],
        "rests": [
            Resting(one, names.get(one.address, str(one.address)), _why(one))
            for one in rests[:MOST]
        ],
        "choices": [_turned(one, ways) for one in queries.choices(actor)[:MOST]],
        "marks": list(queries.sender_marks(actor)[:MOST]),
        "servers": hosting.servers(actor),
        "may_create": may(actor, "sending.create"),
        "may_mark": may(actor, "sending.mark"),
        "may_set": may(actor, "sending.set-relay"),
    }
    return render(request, "delivery/sending/list.html", context)


@page("sending.create")
def add(request: HttpRequest) -> HttpResponse:
    """A new address."""
    actor = actor_in(request)
    form = NewAddressForm(request.POST or None, initial={"classes": ["own"]})
    made: list[SendingAddress] = []

    def create(data: dict[str, Any]) -> None:
        made.append(services.create_address(actor=actor, now=timezone.now(), **data))

    if request.method == "POST" and submitted(form, create):
        words = gettext("Mail leaves by {name} from now on.")
        messages.success(request, words.format(name=made[0].helo))
        return redirect("delivery:sending-address", made[0].pk)
    return form_page(
        request,
        form,
        title=gettext("Add a sending address"),
        words=gettext(
            "As soon as a server has one, all its mail leaves by its sending addresses only."
        ),
        act=gettext("Add the address"),
        back=reverse("delivery:sending"),
    )


def _address(request: HttpRequest, number: int) -> SendingAddress:
    found = queries.sending_addresses(actor_in(request)).filter(pk=number).first()
    if found is None:
        raise Http404
    return found


@page("sending.view")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One address: where it rests, how much went today, what was before."""
    actor, now = actor_in(request), timezone.now()
    row = _address(request, number)
    rests = list(queries.rests(actor, now, address=row.pk))
    counts = list(queries.counts(actor, now.astimezone(dt.UTC).date(), address=row.pk))
    context = {
        "one": _standing(row, rests, counts, list(queries.listings(actor, open_only=True)[:MOST])),
        "rests": [Resting(rest, row.helo, _why(rest)) for rest in rests],
        "past": [
            Resting(rest, row.helo, _why(rest))
            for rest in queries.past_rests(actor, row.pk)[:MOST]
            if rest.ended or rest.until <= now
        ],
        "counts": counts[:MOST],
        "may_update": may(actor, "sending.update"),
        "may_remove": may(actor, "sending.remove"),
        "may_rest": may(actor, "sending.rest"),
    }
    return render(request, "delivery/sending/show.html", context)


@page("sending.update")
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Name, classes, state, note."""
    actor, row = actor_in(request), _address(request, number)
    initial = {name: getattr(row, name) for name in ("helo", "classes", "state", "note")}
    form = AddressForm(request.POST or None, initial=initial)

    def save(data: dict[str, Any]) -> None:
        services.update_address(actor=actor, now=timezone.now(), address=row, **data)

    back = reverse("delivery:sending-address", args=[row.pk])
    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect(back)
    title = gettext("Change {name}").format(name=initial["helo"])
    return form_page(request, form, title=title, act=gettext("Save"), back=back)


@page("sending.remove")
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Ask, and remove it."""
    actor, row = actor_in(request), _address(request, number)
    name = row.helo
    return confirmed(
        request,
        Question(
            title=gettext("Remove {name}?").format(name=name),
            lines=[
                gettext("Mail that waits for it leaves by another address."),
                gettext("Without any sending address mail leaves as the machine's routing wants."),
            ],
            act=gettext("Remove"),
            back=reverse("delivery:sending-address", args=[row.pk]),
            danger=True,
        ),
        lambda _: services.remove_address(actor=actor, now=timezone.now(), address=row),
        done=lambda: gettext("{name} is no sending address any more.").format(name=name),
        then=reverse("delivery:sending"),
    )


@page("sending.rest")
def rest(request: HttpRequest, number: int) -> HttpResponse:
    """Let it rest."""
    actor, row = actor_in(request), _address(request, number)
    form = RestForm(request.POST or None)

    def save(data: dict[str, Any]) -> None:
        now = timezone.now()
        services.rest_address(
            actor=actor,
            now=now,
            address=row,
            receiver=data["receiver"],
            until=end_of(data, now),
            reason=data["reason"],
        )

    back = reverse("delivery:sending-address", args=[row.pk])
    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("The server has been told; the list follows."))
        return redirect(back)
    title = gettext("Let {name} rest").format(name=row.helo)
    return form_page(request, form, title=title, act=gettext("Let it rest"), back=back)


@page("sending.rest")
def end_rest(request: HttpRequest, number: int) -> HttpResponse:
    """End a rest before its time."""
    actor, row = actor_in(request), _address(request, number)
    initial = {"receiver": request.GET.get("receiver", "*")[:253]}
    form = ReturnForm(request.POST or None, initial=initial)

    def save(data: dict[str, Any]) -> None:
        services.rest_address(actor=actor, now=timezone.now(), address=row, until=None, **data)

    back = reverse("delivery:sending-address", args=[row.pk])
    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("The server has been told; the list follows."))
        return redirect(back)
    return form_page(
        request,
        form,
        title=gettext("End a rest of {name}").format(name=row.helo),
        words=gettext("The next refusal counts as the first again."),
        act=gettext("End the rest"),
        back=back,
    )


@page("sending.mark")
def mark(request: HttpRequest) -> HttpResponse:
    """Say of which class a sender's mail is."""
    actor = actor_in(request)
    form = MarkForm(request.POST or None)

    def save(data: dict[str, Any]) -> None:
        services.mark_sender(actor=actor, now=timezone.now(), **data)

    back = reverse("delivery:sending")
    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect(back)
    return form_page(
        request,
        form,
        title=gettext("Mark a sender"),
        words=gettext("Suspect mail leaves by addresses of its own and never by the relay."),
        act=gettext("Mark"),
        back=back,
    )


@page("sending.mark")
def unmark(request: HttpRequest, number: int) -> HttpResponse:
    """Ask, and forget a mark."""
    actor = actor_in(request)
    row = queries.sender_marks(actor).filter(pk=number).first()
    if row is None:
        raise Http404
    back = reverse("delivery:sending")
    return confirmed(
        request,
        Question(
            title=gettext("Forget the mark of {sender}?").format(sender=row.sender),
            lines=[gettext("Its mail leaves as any other does.")],
            act=gettext("Forget it"),
            back=back,
        ),
        lambda _: services.unmark_sender(actor=actor, now=timezone.now(), mark=row),
        done=lambda: gettext("The mark is forgotten."),
    )


@page("sending.set-relay")
def server(request: HttpRequest, name: str) -> HttpResponse:
    """The fallback relay and the warm-up plan of a server."""
    actor = actor_in(request)
    found = hosting.server_named(actor, name)
    own = queries.settings_of(found)
    initial = {
        "host": own.relay_host,
        "port": own.relay_port,
        "login": own.relay_login,
        "ceilings": ", ".join(str(one) for one in own.ceilings),
    }
    form = ServerSendingForm(request.POST or None, initial=initial)

    def save(data: dict[str, Any]) -> None:
        now, ceilings = timezone.now(), data.pop("ceilings")
        password = data.pop("password") or None
        services.set_relay(actor=actor, now=now, server=found, password=password, **data)
        services.set_ceilings(actor=actor, now=now, server=found, ceilings=ceilings)

    back = reverse("delivery:sending")
    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect(back)
    title = gettext("Relay and warm-up of {name}").format(name=found.name)
    return form_page(request, form, title=title, act=gettext("Save"), back=back)
