"""Tokens of the API."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Router, Schema, Status

from mailstead.control.people import queries, services
from mailstead.control.people.api.door import caller, operation, token_of
from mailstead.control.people.api.paging import Number, Page, Turning, paged
from mailstead.control.people.api.schemas import In, Moment, Text
from mailstead.control.people.models import ApiToken
from mailstead.standards.refusal import Refusal

router = Router(tags=["Tokens"])


class TokenOut(Schema):
    """A token; its text is shown once, when it is made."""

    id: int
    name: str
    prefix: str = Field(description="How it begins, to know it again.")
    person: str = Field(description="As whom it acts.")
    scopes: list[str]
    addresses: list[str] = Field(description="Networks it may be used from; none: anywhere.")
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None
    last_used_from: str


class TokenMade(TokenOut):
    """A token that was just made."""

    token: str | None = Field(description="Its text, this once; null in a repeated answer.")


class TokenNew(In):
    """A new token, for no more than the one that makes it."""

    name: str = Field(min_length=1, max_length=80)
    scopes: list[Text] = Field(min_length=1, max_length=10)
    addresses: list[Text] = Field(default=[], max_length=50)
    expires_at: Moment | None = None


def _facts(row: ApiToken) -> dict[str, object]:
    return {
        "id": row.pk,
        "name": row.name,
        "prefix": row.prefix,
        "person": row.membership.person.email,
        "scopes": row.scopes,
        "addresses": row.addresses,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "last_used_at": row.last_used_at,
        "last_used_from": row.last_used_from,
    }


@router.get("/tokens", response=Page[TokenOut], summary="List tokens")
@operation("token.view")
def list_tokens(request: HttpRequest, turn: Turning) -> object:
    """The tokens of this customer's people, revoked ones too."""
    return paged(queries.tokens(caller(request)), turn, _facts)


@router.get("/tokens/{number}", response=TokenOut, summary="Show a token")
@operation("token.view")
def show_token(request: HttpRequest, number: Path[Number]) -> object:
    """One of them."""
    return _facts(queries.token_numbered(caller(request), number))


@router.post("/tokens", response={201: TokenMade}, summary="Make a token")
@operation("token.create", secrets=("token",))
def create_token(request: HttpRequest, body: TokenNew) -> Status[object]:
    """For the same person, with no more scopes, addresses and time than the one that asks."""
    actor, parent = caller(request), token_of(request)
    services.refuse_wider(
        parent, scopes=body.scopes, addresses=body.addresses, expires_at=body.expires_at
    )
    row, text = services.create_token(
        actor=actor,
        now=timezone.now(),
        membership=parent.membership,
        name=body.name,
        scopes=body.scopes,
        addresses=body.addresses,
        expires_at=body.expires_at,
    )
    return Status(201, _facts(row) | {"token": text})


@router.delete("/tokens/{number}", response={204: None}, summary="Revoke a token")
@operation("token.revoke")
def revoke_token(request: HttpRequest, number: Path[Number]) -> Status[None]:
    """It is refused from now on."""
    actor = caller(request)
    found = queries.token_numbered(actor, number)
    if found.revoked_at is not None:
        raise Refusal("token-revoked", "This token is revoked already.")
    services.revoke_token(actor=actor, now=timezone.now(), token=found)
    return Status(204, None)
