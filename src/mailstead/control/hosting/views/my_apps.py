"""App passwords of a mailbox: one for each program or device, shown once."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.my import PROTOCOLS, AppPasswordForm
from mailstead.control.hosting.models import AppPassword
from mailstead.control.hosting.views.confirming import Question, confirmed
from mailstead.control.hosting.views.place import Place, mailbox_in, show
from mailstead.control.people.pages import page
from mailstead.control.web.forms import submitted
from mailstead.standards.refusal import Refusal


def _rows(place: Place) -> list[dict[str, Any]]:
    """Each with what it may do and when it was last used."""
    apps = list(queries.app_passwords(place.actor, place.mailbox))
    used = dict(
        queries.sign_ins(place.actor, place.mailbox)
        .filter(failed=False, credential__in=[app.credential for app in apps])
        .order_by()
        .values_list("credential")
        .annotate(last=Max("last_at"))
    )
    words = dict(PROTOCOLS)
    return [
        {
            "app": app,
            "used": used.get(app.credential),
            "protocols": [words[name] for name in app.protocols if name in words],
        }
        for app in apps
    ]


@page("app-password.view")
def apps(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """All of them, with their last use."""
    place = mailbox_in(request, number, "apps")
    return show(request, "apps", place, {"rows": _rows(place)})


@page("app-password.create", fresh=True)
def add(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """A new one; its text is in the answer to the form and nowhere else."""
    place = mailbox_in(request, number, "apps")
    form = AppPasswordForm(request.POST or None)
    made: list[tuple[AppPassword, str]] = []

    def create(data: dict[str, Any]) -> None:
        made.append(
            services.create_app_password(
                actor=place.actor, now=timezone.now(), mailbox=place.mailbox, **data
            )
        )

    if request.method == "POST" and submitted(form, create):
        context = {
            "app": made[0][0],
            "secret": made[0][1],
            "settings": queries.client_settings(place.mailbox.domain),
        }
        return show(request, "app_made", place, context)
    return show(request, "app_add", place, {"form": form})


@page("app-password.remove", fresh=True)
def remove(request: HttpRequest, app: int, number: int | None = None) -> HttpResponse:
    """End one, after a question."""
    place = mailbox_in(request, number, "apps")
    found = queries.app_passwords(place.actor, place.mailbox).filter(pk=app).first()
    if found is None:
        raise Refusal("app-password-unknown", "There is no such app password.")
    question = Question(
        title=gettext("Remove the app password “{name}”").format(name=found.name),
        lines=[
            gettext("The program or device that has it cannot sign in any more."),
            gettext("Other programs are cut off once and come back by themselves."),
            gettext("This cannot be undone; a new one can be made at any time."),
        ],
        act=gettext("Remove the app password"),
        back=place.link("apps"),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.remove_app_password(
            actor=place.actor, now=timezone.now(), app_password=found
        ),
        done=lambda: gettext("“{name}” opens nothing any more.").format(name=found.name),
    )
