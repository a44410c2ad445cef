"""One's own log-in: profile, places, accepting an invitation, the language before signing in."""

from __future__ import annotations

import zoneinfo
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from mailstead.control.people import queries, roles, services
from mailstead.control.people.actor import Actor
from mailstead.control.people.devices import device_of
from mailstead.control.people.forms import AcceptForm, ProfileForm
from mailstead.control.people.models import Person
from mailstead.control.people.pages import actor_in, page, warn_breached
from mailstead.control.people.services.own import note_own
from mailstead.control.web.forms import submitted


@page("profile.view", post="profile.update")
def profile(request: Any) -> HttpResponse:
    """Name, language, time zone, appearance, and the ways to sign in."""
    person: Person = request.user
    form = ProfileForm.of(person, request.POST or None)

    def save(data: dict[str, Any]) -> None:
        services.update_profile(actor=actor_in(request), now=timezone.now(), person=person, **data)

    if request.method == "POST" and submitted(form, save):
        with translation.override(person.language or translation.get_language()):
            messages.success(request, gettext("Saved."))
        return redirect("people:profile")
    context = {
        "form": form,
        "zones": sorted(zoneinfo.available_timezones()),
        "second_factor": is_mfa_enabled(person),
        "is_mailbox": person.mailbox is not None,
    }
    return render(request, "people/profile.html", context)


@page(roles.SIGNED_IN)
def places(request: Any) -> HttpResponse:
    """Choose as which member to work, for people who have several places."""
    if request.method == "POST":
        wanted = request.POST.get("place", "")
        for membership in queries.memberships_of(request.user):
            if str(membership.pk) == wanted:
                request.session["place"] = membership.pk
                request.session.pop("acting", None)
        return redirect("/")
    return render(request, "people/places.html", {"rows": request.places})


@page(roles.SIGNED_IN)
def sessions(request: Any) -> HttpResponse:
    """The browsers in which one is signed in; any other of them, or all others, can be ended."""
    rows = UserSession.objects.purge_and_list(request.user)
    others = [row for row in rows if not row.is_current()]
    if request.method == "POST":
        wanted = request.POST.get("session", "")
        ended = [row for row in others if wanted in ("others", str(row.pk))]
        with transaction.atomic():
            for row in ended:
                row.end()
            if ended:
                note_own(request.user, "session.end", request, timezone.now())
        if ended:
            messages.success(request, gettext("Signed out there."))
        return redirect("usersessions_list")
    lines = [
        (row, device_of(row.user_agent), row.is_current())
        for row in sorted(rows, key=lambda row: row.last_seen_at, reverse=True)
    ]
    return render(request, "people/sessions.html", {"lines": lines, "others": others})


@page(roles.PUBLIC)
def no_access(request: HttpRequest) -> HttpResponse:
    """Signed in, but with no place (any more)."""
    return render(request, "people/no_access.html", status=403)


@page(roles.PUBLIC)
def accept(request: Any, token: str) -> HttpResponse:
    """Take an invitation: choose a password and be let in."""
    now = timezone.now()
    invitation = services.open_invitation(token, now)
    form = AcceptForm(request.POST or None)
    if invitation.email:
        del form.fields["email"]
    by = Actor(kind="customer", name=invitation.email, address=request.client)

    taken: list[Person] = []

    def take(data: dict[str, Any]) -> None:
        taken.append(services.accept(now=now, token=token, actor=by, **data))

    if request.method == "POST" and submitted(form, take):
        messages.success(request, gettext("Your log-in is ready. Sign in with it now."))
        if taken[0].breached:
            warn_breached(request)
        return redirect("account_login")
    return render(request, "people/accept.html", {"form": form, "invitation": invitation})


@page(roles.PUBLIC, only_post=True)
def language(request: HttpRequest) -> HttpResponse:
    """Remember a language for who is not signed in."""
    wanted = request.POST.get("language", "")
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = redirect(back)
    if wanted in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            wanted,
            max_age=365 * 86400,
            secure=True,
            httponly=True,
            samesite="Lax",
        )
    return response
