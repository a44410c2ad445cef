"""The door of the API: who asks, whether they may, how often, and whether it was done already.

`operation` stands on every view and runs before its parameters are read. The log-in of the panel
does not count here: a request without a token is refused, whatever cookies it brings.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from ninja.decorators import decorate_view
from ninja.security import HttpBearer

from mailstead.control.people import queries, roles, services
from mailstead.control.people.actor import Actor
from mailstead.control.people.api import limits
from mailstead.control.people.models import ApiToken
from mailstead.control.people.problems import problem_of
from mailstead.control.people.services import idempotency
from mailstead.standards.refusal import Refusal

ACT_AS = "Mailstead-Act-As"
REASON = "Mailstead-Reason"
KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LARGEST = 4 * 1024 * 1024
"""Bytes of a request's body."""

StandIn = Callable[[Actor, int, str, str, dt.datetime], Actor]
"""From the actor, the token's number, the customer's number as text, the reason and the time to
the actor in the customer's place; raises `Refusal`."""
View = TypeVar("View", bound=Callable[..., Any])
Run = Callable[..., HttpResponse]


class Token(HttpBearer):
    """`Authorization: Bearer mst_…`; a view without `operation` finds nobody and is refused."""

    def __init__(self, standing_in: StandIn) -> None:
        super().__init__()
        self.standing_in = standing_in

    def __call__(self, request: HttpRequest) -> Actor | None:
        """Who was let in by `operation`."""
        return getattr(request, "let_in", None)

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The same; the library asks for this method."""
        return self(request)


def caller(request: HttpRequest) -> Actor:
    """Who asks, inside an operation."""
    actor: Actor = request.let_in  # type: ignore[attr-defined]
    return actor


def token_of(request: HttpRequest) -> ApiToken:
    """The token by which they ask."""
    token: ApiToken = request.token  # type: ignore[attr-defined]
    return token


def operation(
    rule: str, *, secrets: Collection[str] = (), waits: bool = False
) -> Callable[[View], View]:
    """An operation open to who has `rule`; goes beneath the router's own decorator.

    `secrets` are the fields of the answer that are shown once and never kept for a repetition.
    One that `waits` for a node's answer cannot do so inside a transaction.
    """

    def guard(run: Run) -> Run:
        @wraps(run)
        def guarded(request: HttpRequest, **values: Any) -> HttpResponse:
            headers: dict[str, str] = {}
            try:
                auth = next(a for a in run.__self__.auth_callbacks if isinstance(a, Token))  # type: ignore[attr-defined]
                headers = _let_in(request, rule, auth.standing_in)
                _check_body(request)
                answer = _once(request, run, values, secrets, waits)
            except Refusal as refusal:
                answer = problem_of(request, refusal)
                _say_how(answer, refusal.code)
            if answer.status_code == 409:
                # What stands in the way will not stand there for long.
                answer.headers.setdefault("Retry-After", "30")
            for name, value in headers.items():
                answer.headers[name] = value
            return answer

        return guarded

    def decorate(view: View) -> View:
        view.rule = rule  # type: ignore[attr-defined]
        return decorate_view(guard)(view)

    return decorate


def _say_how(answer: HttpResponse, code: str) -> None:
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="mailstead"'
    if code == "requests-many":
        answer.headers["Retry-After"] = str(limits.WINDOW)
    if code == "key-busy":
        answer.headers["Retry-After"] = "1"


def _let_in(request: HttpRequest, rule: str, standing_in: StandIn) -> dict[str, str]:
    """Set `request.let_in` and `token`; returns the headers that say how often they may come."""
    now = timezone.now()
    token = _token(request, now)
    count = limits.use(token.pk)
    if count.left < 0:
        raise Refusal(
            "requests-many",
            "These are too many requests in one minute.",
            remedy="Wait for as long as Retry-After says.",
        )
    actor = queries.actor_of(
        token.membership.person,
        token.membership,
        request.client,  # type: ignore[attr-defined]
        request.number,  # type: ignore[attr-defined]
    )
    actor = replace(actor, scopes=frozenset(token.scopes))
    customer = request.headers.get(ACT_AS)
    if customer is not None:
        reason = request.headers.get(REASON, "")
        stands = standing_in(actor, token.pk, customer, reason, now)
        # The scopes are the token's, in whosever place it acts.
        actor = replace(stands, scopes=actor.scopes)
    if rule != roles.SIGNED_IN:
        roles.require(actor, rule)
    request.let_in, request.token = actor, token  # type: ignore[attr-defined]
    return count.headers


def _token(request: HttpRequest, now: dt.datetime) -> ApiToken:
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    address = request.client  # type: ignore[attr-defined]
    text = text.strip()
    if kind.lower() != "bearer" or not text:
        raise Refusal(
            "token-wrong",
            "This needs a token.",
            remedy="Send 'Authorization: Bearer' and a token made in the panel.",
        )
    token = services.use_token(text, address, now)
    if token is not None:
        return token
    if limits.wrong_token(address):
        raise Refusal(
            "requests-many",
            "These are too many wrong tokens in one minute.",
            remedy="Wait for as long as Retry-After says.",
        )
    raise Refusal(
        "token-wrong",
        "This token is not good here.",
        remedy="It is wrong, over, revoked, or not for this network address. Make a new one.",
    )


def _check_body(request: HttpRequest) -> None:
    try:
        large = len(request.body) > LARGEST
    except RequestDataTooBig:
        large = True
    if large:
        raise Refusal(
            "body-too-large", "The request is too large.", remedy="Send at most 4 MiB at once."
        )
    if request.body and request.content_type != "application/json":
        raise Refusal(
            "body-not-json",
            "The request's body must be JSON.",
            remedy="Send 'Content-Type: application/json'.",
        )


def _once(
    request: HttpRequest,
    run: Run,
    values: dict[str, Any],
    secrets: Collection[str],
    waits: bool,
) -> HttpResponse:
    """Run the operation; with an idempotency key a POST is done once and its answer repeated."""
    key = request.headers.get(KEY)
    if key is None or request.method != "POST":
        return run(request, **values)
    row = idempotency.take(
        token=token_of(request), key=key, request=_digest(request), now=timezone.now()
    )
    if row.status is not None:
        answer = HttpResponse(row.body, status=row.status, content_type="application/json")
        answer.headers[REPLAYED] = "true"
        return answer
    kept = False
    try:
        with nullcontext() if waits else transaction.atomic():
            answer = run(request, **values)
            if answer.status_code < 400:
                body = _without(answer.content, secrets)
                idempotency.keep(row=row, status=answer.status_code, body=body)
                kept = True
            elif not waits:
                transaction.set_rollback(True)
    finally:
        if not kept:
            idempotency.free(row=row)
    return answer


def _digest(request: HttpRequest) -> str:
    """Keyed, because a body may hold a password that could be guessed from a plain digest."""
    parts = (
        (request.method or "").encode(),
        request.get_full_path().encode(),
        request.headers.get(ACT_AS, "").encode(),
        request.body,
    )
    return salted_hmac("mailstead.api.request", b"\n".join(parts), algorithm="sha256").hexdigest()


def _without(content: bytes, secrets: Collection[str]) -> str:
    if not secrets or not content:
        return content.decode()
    body = json.loads(content)
    return json.dumps({name: None if name in secrets else item for name, item in body.items()})
