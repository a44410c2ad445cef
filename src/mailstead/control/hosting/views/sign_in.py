"""The way back into a mailbox, and acting in a customer's place."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.sign_in import ActAsForm, NewPasswordForm
from mailstead.control.hosting.middleware import ACTING, may_act_as
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people import roles
from mailstead.control.people.pages import actor_in, page, warn_breached
from mailstead.control.web.forms import submitted
from mailstead.standards.refusal import Refusal

ACT_FOR = dt.timedelta(hours=1)
"""After this one acts in the own name again."""


@page(roles.PUBLIC)
def recover(request: Any, token: str) -> HttpResponse:
    """Set a new password for a mailbox by the link that went to the recovery address."""
    mailbox = services.recoverable(token)
    form = NewPasswordForm(request.POST or None)

    changed: list[Mailbox] = []

    def save(data: dict[str, Any]) -> None:
        changed.append(
            services.recover(
                now=timezone.now(),
                token=token,
                password=data["password"],
                address=request.client,
                request=request.number,
            )
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("The new password holds. Sign in with it."))
        if changed[0].breached:
            warn_breached(request)
        return redirect("account_login")
    context = {"form": form, "address": mailbox.address}
    return render(request, "hosting/sign_in/recover.html", context)


@page("customer.act-as", fresh=True)
def act_as(request: Any, number: int) -> HttpResponse:
    """Enter a customer's panel, with a reason that the customer reads."""
    actor = actor_in(request)
    customer = queries.customer_numbered(actor, number)
    if not may_act_as(actor, customer):
        raise Refusal("customer-unknown", "There is no such customer.")
    form = ActAsForm(request.POST or None)

    def enter(data: dict[str, Any]) -> None:
        services.note_acting(
            actor=actor, now=timezone.now(), customer=customer, reason=data["reason"]
        )
        request.session[ACTING] = {
            "customer": customer.pk,
            "reason": data["reason"],
            "until": (timezone.now() + ACT_FOR).timestamp(),
        }

    if request.method == "POST" and submitted(form, enter):
        return redirect("/")
    context = {"form": form, "customer": customer}
    return render(request, "hosting/sign_in/act_as.html", context)


@page(roles.SIGNED_IN, only_post=True)
def act_as_end(request: Any) -> HttpResponse:
    """Back to the own panel."""
    request.session.pop(ACTING, None)
    return redirect("/")
