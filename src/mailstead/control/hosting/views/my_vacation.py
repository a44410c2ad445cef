"""The automatic answer of a mailbox while its user is away."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.my import VacationForm, kept_interval, vacation_initial
from mailstead.control.hosting.models import Autoresponder
from mailstead.control.hosting.views.confirming import Question, confirmed
from mailstead.control.hosting.views.place import Place, mailbox_in, show, to
from mailstead.control.people.pages import page
from mailstead.control.web.forms import submitted
from mailstead.standards.refusal import Refusal


def answer_of(place: Place) -> Autoresponder | None:
    """The answer at the mailbox's own address."""
    rows = queries.autoresponders(place.actor, domain=place.mailbox.domain)
    return rows.filter(local=place.mailbox.local).first()


def period(data: dict[str, Any], now: dt.datetime) -> tuple[Any, Any]:
    """From when until when it answers; switched off it has ended, and its text is kept."""
    if data["when"] == "on":
        return None, None
    if data["when"] == "off":
        return None, now
    return data["starts"], data["ends"]


@page("vacation.view", post="vacation.set")
def vacation(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """Whether it answers now, since when, until when, and what it says."""
    place = mailbox_in(request, number, "vacation")
    now, answer = timezone.now(), answer_of(place)
    form = VacationForm(
        request.POST or None, initial=vacation_initial(answer, place.mailbox.name, now)
    )

    def save(data: dict[str, Any]) -> None:
        starts, ends = period(data, now)
        services.set_autoresponder(
            actor=place.actor,
            now=now,
            domain=place.mailbox.domain,
            address=place.mailbox.address,
            subject=data["subject"],
            body=data["body"],
            html=bool(answer and answer.html),
            interval=kept_interval(answer, data["days"]),
            from_name=data["from_name"],
            starts=starts,
            ends=ends,
        )

    if request.method == "POST" and submitted(form, save):
        words = {
            "on": gettext("Saved. Who writes to you gets your answer from now on."),
            "off": gettext("Saved. Nobody gets an answer now; your text is kept."),
            "dates": gettext("Saved. It answers between your dates."),
        }
        messages.success(request, words[form.cleaned_data["when"]])
        return to(place, "vacation")
    context = {
        "form": form,
        "answer": answer,
        "answers": queries.answer_state(answer, now),
        "zone": timezone.get_current_timezone_name(),
    }
    return show(request, "vacation", place, context)


@page("vacation.remove")
def remove(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """Throw the answer away with its text."""
    place = mailbox_in(request, number, "vacation")
    answer = answer_of(place)
    if answer is None:
        raise Refusal("autoresponder-unknown", "There is no automatic answer here.")
    question = Question(
        title=gettext("Remove the automatic answer"),
        lines=[
            gettext("Nobody gets an answer any more."),
            gettext("Subject and text are gone. To keep them, switch the answer off instead."),
        ],
        act=gettext("Remove the automatic answer"),
        back=place.link("vacation"),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.remove_autoresponder(
            actor=place.actor, now=timezone.now(), answer=answer
        ),
        done=lambda: gettext("The automatic answer is gone."),
    )
