"""Webhooks: servers of a customer's own that are told what was done, and how that went."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting.forms.people import WebhookEditForm, WebhookForm
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.people import queries, services
from mailstead.control.people.models import Delivery
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_file, listing, wants_csv


@page("webhook.create", fresh=True)
def add(request: HttpRequest) -> HttpResponse:
    """A new webhook; the secret that signs its messages is shown once."""
    actor = actor_in(request)
    form = WebhookForm(request.POST or None)
    made: list[Any] = []

    def create(data: dict[str, Any]) -> None:
        made[:] = services.create_webhook(
            actor=actor, now=timezone.now(), customer=actor.customer or None, **data
        )

    if request.method == "POST" and submitted(form, create):
        context = {"webhook": made[0], "secret": made[1]}
        return render(request, "hosting/webhooks/made.html", context)
    return form_page(
        request,
        form,
        title=gettext("Add a webhook"),
        act=gettext("Add the webhook"),
        back=reverse("hosting:tokens"),
        words=gettext("Whatever is done here is sent to it as JSON, signed, within moments."),
    )


@page("webhook.view")
def show(request: HttpRequest, number: int) -> HttpResponseBase:
    """What it is told, and how the last messages went."""
    actor = actor_in(request)
    webhook = queries.webhook_numbered(actor, number)
    rows = queries.deliveries(actor, webhook)
    text = request.GET.get("q", "").strip()
    if text:
        rows = rows.filter(verb__startswith=text)
    if wants_csv(request):
        heads = ("event", "made", "tries", "status", "delivered", "words")
        return csv_file("deliveries", heads, rows, _line)
    found = listing(
        request,
        rows,
        sorts={"made": ("pk",), "event": ("verb", "pk")},
        default="-made",
        hint=gettext("Beginning of an event, for example mailbox."),
    )
    return render(request, "hosting/webhooks/show.html", {"webhook": webhook, "listing": found})


def _line(row: Delivery) -> tuple[Any, ...]:
    delivered = row.delivered_at.isoformat() if row.delivered_at else ""
    return row.verb, row.created_at.isoformat(), row.tries, row.status or "", delivered, row.words


@page("webhook.view", post="webhook.update", fresh=True)
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Another address or other events; switched off, or on again."""
    actor = actor_in(request)
    webhook = queries.webhook_numbered(actor, number)
    known = {"url": webhook.url, "events": webhook.events, "active": webhook.active}
    form = WebhookEditForm(request.POST or None, initial=known)

    def save(data: dict[str, Any]) -> None:
        services.update_webhook(actor=actor, now=timezone.now(), webhook=webhook, **data)

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect("hosting:webhook", number)
    return form_page(
        request,
        form,
        title=gettext("Change the webhook"),
        act=gettext("Save"),
        back=reverse("hosting:webhook", args=[number]),
    )


@page("webhook.remove", fresh=True)
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Nothing more is sent there."""
    actor = actor_in(request)
    webhook = queries.webhook_numbered(actor, number)
    url = webhook.url
    question = Question(
        title=gettext("Remove the webhook {url}").format(url=url),
        lines=[
            gettext("Nothing more is sent there, and what waits to be sent is dropped."),
            gettext("The log of its messages goes too. This cannot be undone."),
        ],
        act=gettext("Remove the webhook"),
        back=reverse("hosting:webhook", args=[number]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.remove_webhook(actor=actor, now=timezone.now(), webhook=webhook),
        done=lambda: gettext("The webhook {url} is removed.").format(url=url),
        then=reverse("hosting:tokens"),
    )


@page("webhook.redeliver", only_post=True)
def again(request: HttpRequest, number: int, delivery: int) -> HttpResponse:
    """Send one message once more."""
    actor = actor_in(request)
    webhook = queries.webhook_numbered(actor, number)
    found = queries.delivery_numbered(actor, webhook, delivery)
    services.redeliver(actor=actor, now=timezone.now(), delivery=found)
    messages.success(request, gettext("It is sent again in a moment."))
    return redirect("hosting:webhook", number)
