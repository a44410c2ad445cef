"""What a mailbox wants of the spam filter."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.my import SpamForm
from mailstead.control.hosting.views.place import mailbox_in, show, to
from mailstead.control.people.pages import page
from mailstead.control.web.forms import submitted


@page("spam.view", post="spam.set")
def spam(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """How strict, and the senders who are always or never believed."""
    place = mailbox_in(request, number, "spam")
    now_set = queries.spam_settings(place.actor, place.mailbox)
    initial = {"level": now_set.level, "allow": now_set.allow, "deny": now_set.deny}
    form = SpamForm(request.POST or None, initial=initial)

    def save(data: dict[str, Any]) -> None:
        services.set_spam_settings(
            actor=place.actor, now=timezone.now(), mailbox=place.mailbox, **data
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved. It holds for mail that arrives from now on."))
        return to(place, "spam")
    return show(request, "spam", place, {"form": form})
