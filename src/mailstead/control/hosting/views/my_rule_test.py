"""Trying the rules of a mailbox on a message: which of them take it, and what would happen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from mailstead.control.hosting.forms.my import MessageForm
from mailstead.control.hosting.views.place import mailbox_in, show
from mailstead.control.people.pages import page


@page("rules.test")
def test(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """A message, or a sample, and what the mail server says."""
    place = mailbox_in(request, number, "rules")
    return show(request, "rules_test", place, {"form": MessageForm(), "samples": []})


test.__test__ = False  # type: ignore[attr-defined]
