"""Objects named in a path: by their number, or by their name or address, through the actor."""

from __future__ import annotations

from typing import Annotated, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from ninja import Field, Path

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Autoresponder, Customer, Domain, Forwarder, Mailbox
from mailstead.control.people.actor import Actor
from mailstead.control.people.api.door import caller
from mailstead.control.people.api.paging import HIGHEST, Number
from mailstead.standards.refusal import Refusal

M = TypeVar("M", bound=Model)
Name = Annotated[str, Field(min_length=1, max_length=320, description="Number, name or address.")]
Named = Path[Name]
"""The parameter of a path."""


def number_in(text: str) -> int | None:
    """The number that a name is, if it is one."""
    if not (text.isascii() and text.isdigit()):
        return None
    return min(int(text[:20]), HIGHEST)


def _numbered(rows: QuerySet[M], number: int, what: str) -> M:
    found = rows.filter(pk=number).first()
    if found is None:
        raise Refusal(
            f"{what}-unknown", "There is no such thing here.", remedy="List what there is."
        )
    return found


def customer_in(request: HttpRequest, number: Number) -> tuple[Actor, Customer]:
    """Who asks, and a customer; raises `Refusal`."""
    actor = caller(request)
    return actor, queries.customer_numbered(actor, number)


def domain_in(request: HttpRequest, name: str, *, removed: bool = False) -> tuple[Actor, Domain]:
    """Who asks, and a domain; raises `Refusal`."""
    actor = caller(request)
    number = number_in(name)
    if number is None:
        return actor, queries.domain_named(actor, name, removed=removed)
    return actor, _numbered(queries.domains(actor, removed=removed), number, "domain")


def mailbox_in(request: HttpRequest, name: str, *, removed: bool = False) -> tuple[Actor, Mailbox]:
    """Who asks, and a mailbox; raises `Refusal`."""
    actor = caller(request)
    number = number_in(name)
    if number is None:
        return actor, queries.mailbox_named(actor, name, removed=removed)
    return actor, queries.mailbox_numbered(actor, number, removed=removed)


def forwarder_in(request: HttpRequest, name: str) -> tuple[Actor, Forwarder]:
    """Who asks, and a forwarder; raises `Refusal`."""
    actor = caller(request)
    number = number_in(name)
    if number is None:
        return actor, queries.forwarder_named(actor, name)
    return actor, _numbered(queries.forwarders(actor), number, "forwarder")


def autoresponder_in(request: HttpRequest, name: str) -> tuple[Actor, Autoresponder]:
    """Who asks, and an automatic answer; raises `Refusal`."""
    actor = caller(request)
    number = number_in(name)
    if number is None:
        return actor, queries.autoresponder_named(actor, name)
    return actor, _numbered(queries.autoresponders(actor), number, "autoresponder")
