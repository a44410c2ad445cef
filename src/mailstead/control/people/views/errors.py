"""What Django itself refuses, in our words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext


def _problem(request: HttpRequest, status: int, words: str) -> HttpResponse:
    context = {"words": words, "status": status}
    return render(request, "web/problem.html", context, status=status)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: an old page, or one of another site."""
    words = gettext("This form has been open for too long. Go back, reload the page and try again.")
    return _problem(request, 403, words)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such page, or not for this reader: the same words for both."""
    return _problem(request, 404, gettext("There is no such page here."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django or a library says no."""
    return _problem(request, 403, gettext("You may not do this."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Not a request that can be understood."""
    return _problem(request, 400, gettext("This request cannot be understood."))
