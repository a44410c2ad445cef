"""The API's description: as a document for programs, and as a page for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from mailstead.control.people import roles
from mailstead.control.people.pages import page

Described = Callable[[], dict[str, Any]]


@page(roles.PUBLIC)
def document(request: HttpRequest, described: Described) -> HttpResponse:
    """OpenAPI 3.1."""
    return JsonResponse(described())


@page(roles.PUBLIC)
def reference(request: HttpRequest, described: Described) -> HttpResponse:
    """Every operation, by resource."""
    context = {"groups": _groups(described()), "origin": settings.PANEL_ORIGIN}
    return render(request, "people/api_reference.html", context)


@dataclass
class Field:
    """One field of a body, or a parameter."""

    name: str
    kind: str
    required: bool
    words: str


@dataclass
class Call:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    title: str
    words: str
    rule: str
    scopes: list[str]
    roles: list[str]
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, str, list[Field]]]
    example: str


@dataclass
class Group:
    """The operations of one resource."""

    name: str
    anchor: str
    calls: list[Call] = field(default_factory=list)


def _groups(described: dict[str, Any]) -> list[Group]:
    found: dict[str, Group] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            name = operation["tags"][0]
            group = found.setdefault(name, Group(name, name.lower().replace(" ", "-")))
            group.calls.append(_call(described, path, method, operation))
    return list(found.values())


def _call(described: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Call:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = body.get("schema")
    return Call(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation["summary"],
        words=operation.get("description", ""),
        rule=operation["x-rule"],
        scopes=operation["x-scopes"],
        roles=operation.get("x-roles", []),
        parameters=[
            Field(p["name"], _kind(p["schema"]), p["required"], p.get("description", ""))
            for p in operation["parameters"]
            if p["in"] != "header"
        ],
        body=_fields(described, schema) if schema else [],
        answers=[
            (status, answer["description"], _answer(described, answer))
            for status, answer in operation["responses"].items()
            if status != "default"
        ],
        example=_example(described, path, method, schema),
    )


def _answer(described: dict[str, Any], answer: dict[str, Any]) -> list[Field]:
    content = answer.get("content", {}).get("application/json")
    return _fields(described, content["schema"]) if content else []


def _resolved(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found: dict[str, Any] = described["components"]["schemas"][name]
        return found
    return schema


def _fields(described: dict[str, Any], schema: dict[str, Any]) -> list[Field]:
    whole = _resolved(described, schema)
    if whole.get("type") == "array":
        whole = _resolved(described, whole["items"])
    needed = set(whole.get("required", ()))
    found = [
        Field(name, _kind(part), name in needed, part.get("description", ""))
        for name, part in whole.get("properties", {}).items()
    ]
    return sorted(found, key=lambda row: not row.required)


_KINDS = {"date-time": "time (ISO 8601)"}


def _kind(schema: dict[str, Any]) -> str:
    """The kind of a value in a few words."""
    if "enum" in schema:
        return " | ".join(json.dumps(item) for item in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("format") in _KINDS:
        return _KINDS[schema["format"]]
    return str(schema.get("type", "any"))


def _example(
    described: dict[str, Any], path: str, method: str, schema: dict[str, Any] | None
) -> str:
    """A call as curl makes it."""
    for name, value in _IN_PATHS.items():
        path = path.replace("{" + name + "}", value)
    lines = ['curl -sS --oauth2-bearer "$TOKEN"']
    if method != "get":
        lines[0] += f" -X {method.upper()}"
    if schema is not None:
        needed = [part for part in _fields(described, schema) if part.required]
        body = {part.name: _IN_BODIES.get(part.name, "…") for part in needed}
        lines.append("  -H 'Content-Type: application/json'")
        lines.append(f"  -d '{json.dumps(body, ensure_ascii=False)}'")
    lines.append(f"  {settings.PANEL_ORIGIN}{path}")
    return " \\\n".join(lines)


_IN_PATHS = {
    "number": "7",
    "domain": "example.org",
    "mailbox": "ann@example.org",
    "forwarder": "info@example.org",
    "autoresponder": "ann@example.org",
    "address": "ann@example.org",
    "server": "node1",
    "delivery": "12",
}
_IN_BODIES: dict[str, Any] = {
    "address": "ann@example.org",
    "email": "ann@example.net",
    "name": "Ann",
    "url": "https://example.com/mail-hook",
    "scopes": ["read"],
    "role": "customer",
    "target": "example.net",
    "subject": "Away",
    "body": "I am back on Monday.",
    "what": ["sending"],
    "second_factor": True,
    "level": "normal",
    "hostname": "mx2.example.net",
    "rules": [],
    "rows": [],
}
