"""What takes up the room in a mailbox, folder by folder, as its node says."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from mailstead.control.hosting.views.place import mailbox_in, show
from mailstead.control.people.pages import page


@page("folder.view")
def storage(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """The meter, and the folders with the age of what the node has said."""
    place = mailbox_in(request, number, "storage")
    context = {"looked": None, "asking": True}
    return show(request, "storage", place, context)
