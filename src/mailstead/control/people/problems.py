"""Errors of the API as problem+json (RFC 9457): one sentence, a stable code, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext, gettext_noop

from mailstead.standards.refusal import Refusal

CONTENT_TYPE = "application/problem+json"
_STATUS = {
    "forbidden": 403,
    "forbidden-for-another": 403,
    "scope-missing": 403,
    "second-factor-needed": 403,
    "gone": 404,
    "token-wrong": 401,
    "json-invalid": 400,
    "key-busy": 409,
    "node-silent": 409,
    "body-too-large": 413,
    "body-not-json": 415,
    "requests-many": 429,
}


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal: not permitted, not there, or not possible."""
    if refusal.code in _STATUS:
        return _STATUS[refusal.code]
    return 404 if refusal.code.endswith("-unknown") else 422


def problem(
    request: HttpRequest,
    status: int,
    code: str,
    words: str,
    *,
    remedy: str = "",
    errors: Sequence[dict[str, str]] = (),
) -> JsonResponse:
    """An answer that says what went wrong, in the words given."""
    body: dict[str, Any] = {
        "type": f"about:blank#{code}",
        "title": words,
        "status": status,
        "code": code,
        "remedy": remedy,
        "instance": f"urn:request:{getattr(request, 'number', '')}",
    }
    if errors:
        body["errors"] = list(errors)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def problem_of(request: HttpRequest, refusal: Refusal) -> JsonResponse:
    """A refusal as an answer, in its reader's language."""
    words, remedy = refusal.parts(gettext)
    return problem(request, status_of(refusal), refusal.code, words, remedy=remedy)


_WORDS = {
    400: gettext_noop("This request cannot be understood."),
    404: gettext_noop("There is no such address in the API."),
    405: gettext_noop("This address does not take that method."),
    413: gettext_noop("The request is too large."),
}


def as_problem(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """What Django itself has refused, in the form of the API."""
    if answer.status_code < 400 or answer.headers.get("Content-Type") == CONTENT_TYPE:
        return answer
    status = answer.status_code
    name = HTTPStatus(status).phrase
    words = gettext(_WORDS[status]) if status in _WORDS else f"{name}."
    made = problem(request, status, name.lower().replace(" ", "-"), words)
    for header in ("Allow", "Retry-After"):
        if header in answer.headers:
            made.headers[header] = answer.headers[header]
    return made
