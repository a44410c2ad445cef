"""Every page says by which rule it is open: the decorator that a test looks for on every URL."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext

from mailstead.control.people import roles
from mailstead.control.people.actor import Actor

View = Callable[..., HttpResponseBase]


def actor_in(request: HttpRequest) -> Actor:
    """Who asks; only inside a page that is not public."""
    actor: Actor | None = request.actor  # type: ignore[attr-defined]
    assert actor is not None
    return actor


FRESH = 900
"""Seconds for which a given password or second factor counts as fresh."""


def fresh_proof(request: HttpRequest) -> bool:
    """Whether who is signed in has proved it within the last quarter of an hour."""
    if not request.user.is_authenticated:
        return False
    proofs = get_authentication_records(request, request.user)
    return bool(proofs) and time.time() - proofs[-1]["at"] < FRESH


def warn_breached(request: HttpRequest) -> None:
    """Tell on the next page that the password which was just set is known from leaks."""
    messages.warning(
        request,
        gettext(
            "This password is known from leaks of other services, and thieves try it first. "
            "Please choose another one, which you use nowhere else."
        ),
    )


def page(
    rule: str, *, post: str = "", fresh: bool = False, only_post: bool = False
) -> Callable[[View], View]:
    """A page open to who has `rule`, its form to who has `post` (the same where it is not given).

    `fresh`: who is signed in must have given the password or second factor within the last
    quarter of an hour, or is asked for it first. `only_post`: there is nothing to look at.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **values: Any) -> HttpResponseBase:
            if only_post and request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            actor: Actor | None = request.actor  # type: ignore[attr-defined]
            if rule != roles.PUBLIC:
                if actor is None:
                    return _to_sign_in(request)
                wanted = post if post and request.method not in ("GET", "HEAD") else rule
                if wanted != roles.SIGNED_IN:
                    roles.require(actor, wanted)
                if fresh and not fresh_proof(request):
                    here = urlencode({"next": request.get_full_path()})
                    return redirect(f"{reverse('account_reauthenticate')}?{here}")
            return view(request, *args, **values)

        rules = {"POST": post or rule}
        guarded.rules = rules if only_post else {"GET": rule, **rules}  # type: ignore[attr-defined]
        return guarded

    return decorate


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "user", None) is not None and request.user.is_authenticated:
        return redirect("people:no-access")
    if getattr(request, "htmx", False):
        # A part of a page cannot hold the sign-in form: the browser goes there as a whole.
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = reverse("account_login")
        return response
    return redirect_to_login(request.get_full_path())
