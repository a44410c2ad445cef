"""What takes up the room in a mailbox, folder by folder, as its node says.

The page itself does not wait for the node: a script fetches the folders afterwards, and without
one they are a link away. So it opens while the node is away too.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import services
from mailstead.control.hosting.views.place import Place, mailbox_in, show
from mailstead.control.people.pages import page
from mailstead.standards.refusal import Refusal

WAIT = 6.0
"""Seconds for which the folders are waited for; then stands what the node said before."""


@page("folder.view")
def storage(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """The meter at once; with `?count` the folders, and those alone where a script asks."""
    place = mailbox_in(request, number, "storage")
    context = _folders(place) if "count" in request.GET else {"unasked": True}
    part = bool(getattr(request, "htmx", False))
    return show(request, "folders" if part else "storage", place, context)


def _folders(place: Place) -> dict[str, Any]:
    try:
        seen = services.folders(
            actor=place.actor, now=timezone.now(), mailbox=place.mailbox, seconds=WAIT
        )
    except Refusal as refusal:
        return {"silent": refusal.say(gettext)}
    folders = sorted(seen.answer.folders, key=lambda folder: -folder.bytes)
    return {
        "folders": folders,
        "largest": max((folder.bytes for folder in folders), default=0),
        "cut": seen.answer.cut,
        "at": seen.as_of,
        "late": seen.late,
    }
