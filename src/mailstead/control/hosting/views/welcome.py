"""The welcome sheet: what a new mailbox user types into a mail program, to print or to mail."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.mailboxes import SheetForm
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted


@page("mailbox.view", post="mailbox.send-sheet")
def sheet(request: HttpRequest, number: int) -> HttpResponse:
    """The sheet, and where to mail it."""
    actor = actor_in(request)
    mailbox = queries.mailbox_numbered(actor, number)
    form = SheetForm(request.POST or None, initial={"recipient": mailbox.recovery_address})
    settings = queries.client_settings(mailbox.domain)

    def send(data: dict[str, Any]) -> None:
        services.send_welcome(
            actor=actor,
            now=timezone.now(),
            mailbox=mailbox,
            recipient=data["recipient"],
            settings=settings,
        )

    if request.method == "POST" and submitted(form, send):
        words = gettext("The sheet is on its way to {address}.")
        messages.success(request, words.format(address=form.cleaned_data["recipient"]))
        return redirect("hosting:mailbox-welcome", number)
    context = {"mailbox": mailbox, "settings": settings, "form": form}
    return render(request, "hosting/mailboxes/welcome.html", context)
