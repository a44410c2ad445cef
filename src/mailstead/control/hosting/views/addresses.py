"""Pages about what happens to mail at an address: forwarders, catch-all, automatic answers."""

from __future__ import annotations

from typing import Any, Literal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.addresses import (
    AnswerForm,
    CatchAllForm,
    ExplainForm,
    ForwarderForm,
)
from mailstead.control.hosting.forms.my import kept_interval
from mailstead.control.hosting.models import Autoresponder, Forwarder
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.hosting.views.domain import domain_page
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_file, listing, wants_csv
from mailstead.standards.refusal import Refusal


def _forwarder(actor: Actor, number: int) -> Forwarder:
    found = queries.forwarders(actor).filter(pk=number).first()
    if found is None:
        raise Refusal("forwarder-unknown", "There is no such forwarder.")
    return found


def _answer(actor: Actor, number: int) -> Autoresponder:
    rows = queries.autoresponders(actor).filter(pk=number)
    found = rows.select_related("domain__customer", "domain__server").first()
    if found is None:
        raise Refusal("autoresponder-unknown", "There is no such automatic answer.")
    return found


def _can_be_put_back() -> str:
    days = queries.grace().days
    return ngettext(
        "It can be put back for {n} day, from the list.",
        "It can be put back for {n} days, from the list.",
        days,
    ).format(n=days)


def _line(forwarder: Forwarder) -> tuple[Any, ...]:
    route = queries.route_of(forwarder)
    to = "; ".join(route.destinations)
    return forwarder.address, route.action, to, route.text, forwarder.keep_copy


@page("forwarder.view")
def forwarder_list(request: HttpRequest, name: str) -> HttpResponseBase:
    """The forwarders of a domain."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    rows = queries.forwarders(actor, search=request.GET.get("q", ""), domain=domain)
    if wants_csv(request):
        heads = ("address", "action", "destinations", "text", "keep_copy")
        return csv_file(f"forwarders-{domain.name}", heads, rows, _line)
    found = listing(
        request,
        rows,
        sorts={"address": ("local",)},
        default="address",
        hint=gettext("Address or destination"),
    )
    context = {
        "listing": found,
        "removed": queries.removed_at(domain, "forwarder", timezone.now()),
    }
    return domain_page(request, "addresses/forwarders", domain, "forwarders", context)


@page("forwarder.create")
def forwarder_add(request: HttpRequest, name: str) -> HttpResponse:
    """A new forwarder."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    form = ForwarderForm(request.POST or None)
    back = reverse("hosting:domain-forwarders", args=[domain.handle])

    def save(data: dict[str, Any]) -> None:
        services.set_forwarder(
            actor=actor,
            now=timezone.now(),
            domain=domain,
            address=f"{data['local']}@{domain.name}",
            route=form.route(),
            keep_copy=data["keep_copy"],
            new=True,
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("The forwarder works from now on."))
        return redirect(back)
    title = gettext("Add a forwarder to {name}").format(name=domain.name)
    return form_page(request, form, title=title, act=gettext("Add the forwarder"), back=back)


@page("forwarder.view", post="forwarder.update")
def forwarder_edit(request: HttpRequest, number: int) -> HttpResponse:
    """Change where a forwarder sends mail."""
    actor = actor_in(request)
    forwarder = _forwarder(actor, number)
    form = ForwarderForm.of(forwarder, request.POST or None)
    back = reverse("hosting:domain-forwarders", args=[forwarder.domain.handle])

    def save(data: dict[str, Any]) -> None:
        services.set_forwarder(
            actor=actor,
            now=timezone.now(),
            domain=forwarder.domain,
            address=forwarder.address,
            route=form.route(),
            keep_copy=data["keep_copy"],
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect(back)
    return form_page(request, form, title=forwarder.address, act=gettext("Save"), back=back)


@page("forwarder.remove")
def forwarder_remove(request: HttpRequest, number: int) -> HttpResponse:
    """End a forwarder."""
    actor = actor_in(request)
    forwarder = _forwarder(actor, number)
    address = forwarder.address
    question = Question(
        title=gettext("Remove the forwarder {address}").format(address=address),
        lines=[
            gettext("Mail to {address} goes no further.").format(address=address),
            gettext("A mailbox of the same address receives again."),
            _can_be_put_back(),
        ],
        act=gettext("Remove the forwarder"),
        back=reverse("hosting:domain-forwarders", args=[forwarder.domain.handle]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.remove_forwarder(actor=actor, now=timezone.now(), forwarder=forwarder),
        done=lambda: gettext("The forwarder {address} is gone.").format(address=address),
    )


@page("forwarder.create", only_post=True)
def forwarder_put_back(request: HttpRequest, entry: int) -> HttpResponse:
    """Undo the removal of a forwarder."""
    return _put_back(request, "forwarder", entry)


@page("autoresponder.create", only_post=True)
def answer_put_back(request: HttpRequest, entry: int) -> HttpResponse:
    """Undo the removal of an automatic answer."""
    return _put_back(request, "autoresponder", entry)


def _put_back(
    request: HttpRequest, kind: Literal["forwarder", "autoresponder"], number: int
) -> HttpResponse:
    actor, now = actor_in(request), timezone.now()
    entry, domain = queries.removal_numbered(actor, kind, number, now)
    put_back = {
        "forwarder": services.put_back_forwarder,
        "autoresponder": services.put_back_autoresponder,
    }[kind]
    put_back(actor=actor, now=now, domain=domain, entry=entry)
    messages.success(request, gettext("{address} is back.").format(address=entry.label))
    return redirect(f"hosting:domain-{kind}s", domain.handle)


@page("domain.view", post="domain.set-catch-all")
def catch_all(request: HttpRequest, name: str) -> HttpResponse:
    """What happens to mail for names that nobody has."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    form = CatchAllForm.of(domain, request.POST or None)

    def save(_: dict[str, Any]) -> None:
        route = form.route()
        plain = route.action == "fail" and not route.text
        services.set_catch_all(
            actor=actor, now=timezone.now(), domain=domain, route=None if plain else route
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect("hosting:domain-catch-all", domain.handle)
    return domain_page(request, "addresses/catch_all", domain, "catch-all", {"form": form})


@page("autoresponder.view")
def answer_list(request: HttpRequest, name: str) -> HttpResponseBase:
    """The automatic answers of a domain."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    rows = queries.autoresponders(actor, search=request.GET.get("q", ""), domain=domain)
    if wants_csv(request):
        heads = ("address", "subject", "starts", "ends", "interval", "body")
        return csv_file(
            f"answers-{domain.name}",
            heads,
            rows,
            lambda a: (a.address, a.subject, a.starts, a.ends, a.interval, a.body),
        )
    now = timezone.now()
    found = listing(
        request,
        rows,
        sorts={"address": ("local",), "ends": ("ends",)},
        default="address",
        hint=gettext("Address"),
    )
    context = {
        "listing": found,
        "rows": [(answer, queries.answer_state(answer, now)) for answer in found.rows],
        "removed": queries.removed_at(domain, "autoresponder", now),
    }
    return domain_page(request, "addresses/answers", domain, "autoresponders", context)


def _fields(data: dict[str, Any], answer: Autoresponder | None = None) -> dict[str, Any]:
    return {
        "subject": data["subject"],
        "body": data["body"],
        "starts": data["starts"],
        "ends": data["ends"],
        "interval": kept_interval(answer, data["days"]),
        "from_name": data["from_name"],
    }


@page("autoresponder.create")
def answer_add(request: HttpRequest, name: str) -> HttpResponse:
    """A new automatic answer, with or without a mailbox of that address."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    form = AnswerForm(request.POST or None)
    back = reverse("hosting:domain-autoresponders", args=[domain.handle])

    def save(data: dict[str, Any]) -> None:
        services.set_autoresponder(
            actor=actor,
            now=timezone.now(),
            domain=domain,
            address=f"{data['local']}@{domain.name}",
            new=True,
            **_fields(data),
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("The answer is set."))
        return redirect(back)
    title = gettext("Add an automatic answer to {name}").format(name=domain.name)
    words = gettext("It answers people, never lists or spam, whether or not there is a mailbox.")
    act = gettext("Add the answer")
    return form_page(request, form, title=title, act=act, back=back, words=words)


@page("autoresponder.view", post="autoresponder.update")
def answer_edit(request: HttpRequest, number: int) -> HttpResponse:
    """Change an automatic answer."""
    actor = actor_in(request)
    answer = _answer(actor, number)
    form = AnswerForm.of(answer, request.POST or None)
    back = reverse("hosting:domain-autoresponders", args=[answer.domain.handle])

    def save(data: dict[str, Any]) -> None:
        services.set_autoresponder(
            actor=actor,
            now=timezone.now(),
            domain=answer.domain,
            address=answer.address,
            html=answer.html,
            **_fields(data, answer),
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect(back)
    return form_page(request, form, title=answer.address, act=gettext("Save"), back=back)


@page("autoresponder.remove")
def answer_remove(request: HttpRequest, number: int) -> HttpResponse:
    """End an automatic answer."""
    actor = actor_in(request)
    answer = _answer(actor, number)
    address = answer.address
    question = Question(
        title=gettext("Remove the answer of {address}").format(address=address),
        lines=[
            gettext("Nobody is answered automatically any more."),
            gettext("Mail goes on."),
            _can_be_put_back(),
        ],
        act=gettext("Remove the answer"),
        back=reverse("hosting:domain-autoresponders", args=[answer.domain.handle]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.remove_autoresponder(actor=actor, now=timezone.now(), answer=answer),
        done=lambda: gettext("{address} answers nobody any more.").format(address=address),
    )


@page("address.explain")
def explain(request: HttpRequest) -> HttpResponse:
    """Where mail for an address goes, step by step."""
    actor = actor_in(request)
    given = {"address": request.GET["address"]} if request.GET.get("address") else None
    form = ExplainForm(given)
    outcome: list[queries.Outcome] = []

    def follow(data: dict[str, Any]) -> None:
        # What others do with their mail is not told.
        outcome.append(queries.explain_to(actor, data["address"]))

    if given is not None:
        submitted(form, follow)
    context = {"form": form, "outcome": outcome[0] if outcome else None}
    return render(request, "hosting/addresses/explain.html", context)
