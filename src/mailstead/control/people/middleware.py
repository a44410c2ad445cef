"""The border of every page: the request's number and client, refusals as pages, headers.

Runs outermost. nginx alone reaches the panel's socket and overwrites the headers read here.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from mailstead.control.people.problems import as_problem, problem, problem_of, status_of
from mailstead.standards.refusal import Refusal

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; manifest-src 'self'"
)
PERMISSIONS_POLICY = (
    "camera=(), geolocation=(), microphone=(), payment=(), "
    "publickey-credentials-get=(self), publickey-credentials-create=(self)"
)
API = "/api/"
"""Beneath this every error is problem+json."""
_NUMBER = re.compile(r"[0-9a-f]{32}")


class RequestMiddleware:
    """Numbers the request, names the client, turns refusals and defects into pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.number = given if _NUMBER.fullmatch(given) else secrets.token_hex(16)  # type: ignore[attr-defined]
        request.client = request.headers.get("X-Real-IP", "")[:45]  # type: ignore[attr-defined]
        request.actor = None  # type: ignore[attr-defined]
        response = self.get_response(request)
        if request.path.startswith(API):
            response = as_problem(request, response)
        response.headers["X-Request-ID"] = request.number  # type: ignore[attr-defined]
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A refusal as a page in its reader's words; a defect as its number and a trace."""
        if isinstance(exception, Refusal):
            if request.path.startswith(API):
                return problem_of(request, exception)
            words = exception.say(gettext)
            return self._page(request, status_of(exception), words, exception.code)
        from django.core.exceptions import PermissionDenied, SuspiciousOperation
        from django.http import Http404

        if isinstance(exception, Http404 | PermissionDenied | SuspiciousOperation):
            return None
        structlog.get_logger("panel").error(
            "failed",
            request=getattr(request, "number", ""),
            path=request.path,
            exc_info=exception,
        )
        words = gettext(
            "Something went wrong on our side. It has been noted; try again in a moment."
        )
        return self._page(request, 500, words, "defect")

    @staticmethod
    def _page(request: HttpRequest, status: int, words: str, code: str) -> HttpResponse:
        if request.path.startswith(API):
            return problem(request, status, code, words)
        context = {"words": words, "status": status, "code": code}
        return render(request, "web/problem.html", context, status=status)
