"""API tokens and webhooks of a customer, or of the company."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting.forms.people import TokenForm
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.people import queries, services
from mailstead.control.people.models import Membership
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted


@page("token.view")
def token_list(request: HttpRequest) -> HttpResponse:
    """Tokens, and the webhooks beside them."""
    actor = actor_in(request)
    context = {
        "tokens": list(queries.tokens(actor).filter(revoked_at=None)[:200]),
        "webhooks": list(queries.webhooks(actor)[:200]),
    }
    return render(request, "hosting/tokens/list.html", context)


@page("token.create", fresh=True)
def add(request: HttpRequest) -> HttpResponse:
    """A new token, shown once."""
    actor = actor_in(request)
    form = TokenForm(actor, request.POST or None)
    made: list[str] = []

    def create(data: dict[str, Any]) -> None:
        ends = data["expires"]
        membership = Membership.objects.get(pk=actor.membership)
        _, text = services.create_token(
            actor=actor,
            now=timezone.now(),
            membership=membership,
            name=data["name"],
            scopes=data["scopes"],
            addresses=data["addresses"],
            expires_at=timezone.make_aware(dt.datetime.combine(ends, dt.time.max))
            if ends
            else None,
        )
        made.append(text)

    if request.method == "POST" and submitted(form, create):
        return render(request, "hosting/tokens/made.html", {"token": made[0]})
    return form_page(
        request,
        form,
        title=gettext("Make an API token"),
        act=gettext("Make the token"),
        back=reverse("hosting:tokens"),
        words=gettext("It acts with your rights, narrowed by what you choose here."),
    )


@page("token.revoke")
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """End a token."""
    actor = actor_in(request)
    token = queries.token_numbered(actor, number)
    question = Question(
        title=gettext("Revoke {name}").format(name=token.name),
        lines=[gettext("Whatever uses it is refused from that moment; this cannot be undone.")],
        act=gettext("Revoke it"),
        back=reverse("hosting:tokens"),
        danger=True,
    )

    def end(_: dict[str, Any]) -> None:
        services.revoke_token(actor=actor, now=timezone.now(), token=token)

    if request.method == "POST":
        messages.info(request, gettext("Make a new one where it was used."))
    return confirmed(
        request,
        question,
        end,
        done=lambda: gettext("{name} is revoked.").format(name=token.name),
    )
