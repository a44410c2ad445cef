"""The API as a whole: its resources, its errors, its description.

Every operation has a rule (`rules_of_api`); one without is refused to everybody. The description
(OpenAPI 3.1) is made from the signatures and from the table of roles.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser

from mailstead import __version__
from mailstead.control.delivery import api as delivery
from mailstead.control.dns import api as dns
from mailstead.control.dns import key_api
from mailstead.control.dns.push import api as dns_push
from mailstead.control.dns.zones import api as dns_zones
from mailstead.control.hosting.api import (
    addresses,
    company,
    customers,
    domains,
    host_names,
    imports,
    inside,
    mailboxes,
    nodes,
    packages,
    rights,
    sending,
    trail,
    work,
)
from mailstead.control.hosting.api.acting import stand_in
from mailstead.control.moves.api import router as moves
from mailstead.control.moves.export_api import router as exports
from mailstead.control.moves.pointing_api import router as pointing
from mailstead.control.people import roles
from mailstead.control.people.api import door, me, tokens, webhooks
from mailstead.control.people.api.schemas import Problem
from mailstead.control.people.problems import CONTENT_TYPE, problem, problem_of
from mailstead.control.protection import api as protection
from mailstead.standards.refusal import Refusal

PREFIX = "/api/v1"
_ROUTERS = (
    me.router,
    customers.router,
    packages.router,
    domains.router,
    dns.router,
    dns_push.router,
    dns_zones.router,
    host_names.router,
    key_api.router,
    mailboxes.router,
    inside.router,
    sending.router,
    addresses.router,
    imports.router,
    rights.router,
    tokens.router,
    webhooks.router,
    trail.router,
    work.router,
    company.router,
    nodes.router,
    *delivery.routers,
    *protection.routers,
    moves,
    exports,
    pointing,
)
_ABOUT = (
    "Everything that the panel does, for programs. Send `Authorization: Bearer` and a token. "
    "Every error is problem+json with one sentence, a stable code and what to do."
)


class PlainJson(Parser):
    """JSON as RFC 8259 has it, without what no database holds."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body; raises `ValueError` for NaN, for NUL and for halves of characters."""
        try:
            body = json.loads(request.body, parse_constant=_refuse)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        _check_texts(body)
        return body

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> Any:
        """The query, without NUL."""
        found = super().parse_querydict(data, list_fields, request)
        try:
            _check_texts(found)
        except ValueError as error:
            raise HttpError(400, "") from error
        return found


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("a text has a NUL")
        value.encode()
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


class Api(NinjaAPI):
    """Ninja with our names for operations."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's name, which no other operation has."""
        return operation.view_func.__name__


def _make() -> Api:
    made = Api(
        title="Mailstead",
        version="1",
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        urls_namespace="api-v1",
        auth=door.Token(stand_in),
        parser=PlainJson(),
        openapi_extra={"info": {"x-mailstead": __version__}},
    )
    for router in _ROUTERS:
        made.add_router("", router)
    made.add_exception_handler(Refusal, _on_refusal)
    made.add_exception_handler(ValidationError, _on_invalid)
    made.add_exception_handler(AuthenticationError, _on_nobody)
    made.add_exception_handler(HttpError, _on_unreadable)
    return made


def _on_refusal(request: HttpRequest, refusal: Any) -> HttpResponse:
    return problem_of(request, refusal)


def _on_nobody(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(request, 401, "token-wrong", "This needs a token.")


def _on_unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    if error.status_code != 400:
        return problem(request, error.status_code, "refused", str(error) or "Refused.")
    return problem(
        request,
        400,
        "json-invalid",
        "The request cannot be read.",
        remedy="Send JSON (RFC 8259) in UTF-8, without NUL.",
    )


def _on_invalid(request: HttpRequest, error: Any) -> HttpResponse:
    errors = [
        {"field": ".".join(_place(item["loc"])) or "body", "words": _sentence(item["msg"])}
        for item in error.errors
    ]
    return problem(
        request,
        422,
        "fields-invalid",
        "Some fields are wrong.",
        remedy="'errors' names each field and says why.",
        errors=errors,
    )


def _place(loc: tuple[str | int, ...]) -> list[str]:
    """`("body", "body", "quota")` as `quota`: the library's own names say nothing."""
    parts = [str(part) for part in loc]
    if parts[:1] == ["body"]:
        return parts[2:]
    return [part for part in parts[1:] if part not in ("turn", "find")]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".")[:300] + "."


api = _make()
urls = api.urls


def rules_of_api() -> list[tuple[str, str, str]]:
    """Method, path and rule of every operation; an empty rule where none is declared."""
    return [
        (method, f"{PREFIX}{path}", getattr(operation.view_func, "rule", ""))
        for bound in api._get_bound_routers()
        for path, view in bound.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    ]


@cache
def openapi() -> dict[str, Any]:
    """The description of the API as plain data."""
    described: dict[str, Any] = json.loads(json.dumps(OpenAPISchema(api, PREFIX.lstrip("/"))))
    rules = {(method.lower(), path): rule for method, path, rule in rules_of_api()}
    described["components"]["schemas"]["Problem"] = Problem.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    described["components"]["schemas"] |= described["components"]["schemas"]["Problem"].pop("$defs")
    described["components"]["securitySchemes"]["Token"] = {"type": "http", "scheme": "bearer"}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            _finish(operation, method, rules[method, path])
    return described


def _finish(operation: dict[str, Any], method: str, rule: str) -> None:
    """What the signature does not say: the rule, its scopes and roles, headers, errors."""
    operation["x-rule"] = rule
    operation["x-scopes"] = list(roles.scopes_of(rule))
    if rule != roles.SIGNED_IN:
        operation["x-roles"] = sorted(roles.roles_of(rule) - {"mailbox"})
    operation["parameters"] += [
        _header(door.ACT_AS, "Number of the customer in whose place to act."),
        _header(door.REASON, "Why; the customer reads it. May be percent-encoded."),
    ]
    if method == "post":
        operation["parameters"].append(
            _header(door.KEY, "The same key and request are done once; the answer is repeated.")
        )
    reference = {"$ref": "#/components/schemas/Problem"}
    operation["responses"]["default"] = {
        "description": "Refused: the problem says why and what to do.",
        "content": {CONTENT_TYPE: {"schema": reference}},
    }


def _header(name: str, words: str) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "required": False,
        "description": words,
        "schema": {"type": "string", "maxLength": 300},
    }
