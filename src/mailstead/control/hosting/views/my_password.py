"""A mailbox user's own password and recovery address."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import services
from mailstead.control.hosting.forms.my import OwnPasswordForm, OwnRecoveryForm
from mailstead.control.hosting.views.place import Place, mailbox_in, show, to
from mailstead.control.people.pages import page, warn_breached
from mailstead.control.web.forms import submitted


def _shown(
    request: HttpRequest, place: Place, form: OwnPasswordForm, recovery: OwnRecoveryForm | None
) -> HttpResponse:
    recovery = recovery or OwnRecoveryForm(
        initial={"address": place.mailbox.recovery_address}, prefix="recovery"
    )
    return show(request, "password", place, {"form": form, "recovery": recovery})


def _own(request: HttpRequest) -> Place:
    """Only one's own: an administrator sets a password on the page of the mailbox."""
    return mailbox_in(request, None)


@page("mailbox.set-password", fresh=True)
def password(request: HttpRequest) -> HttpResponse:
    """A new password; this browser stays signed in, everything else needs the new one."""
    place = _own(request)
    form = OwnPasswordForm(request.POST or None)

    def save(data: dict[str, Any]) -> None:
        services.set_password(
            actor=place.actor,
            now=timezone.now(),
            mailbox=place.mailbox,
            password=data["password"],
        )

    if request.method == "POST" and submitted(form, save):
        user: Any = request.user
        # The session hash follows from it: the other sessions end, this one is renewed.
        user.session_secret = str(place.mailbox.credential)
        update_session_auth_hash(request, user)
        messages.success(
            request,
            gettext("Your new password holds. Your mail programs and other browsers need it now."),
        )
        if place.mailbox.breached:
            warn_breached(request)
        return to(place, "password")
    return _shown(request, place, form, None)


@page("mailbox.set-recovery", fresh=True)
def recovery(request: HttpRequest) -> HttpResponse:
    """Where the link to a new password goes when this one is lost."""
    place = _own(request)
    form = OwnRecoveryForm(
        request.POST or None,
        initial={"address": place.mailbox.recovery_address},
        prefix="recovery",
    )

    def save(data: dict[str, Any]) -> None:
        services.set_recovery_address(
            actor=place.actor,
            now=timezone.now(),
            mailbox=place.mailbox,
            address=data["address"],
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("The recovery address is saved."))
        return to(place, "password")
    return _shown(request, place, OwnPasswordForm(), form)
