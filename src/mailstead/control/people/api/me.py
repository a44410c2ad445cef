"""`/me`: as whom a token acts."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Field, Router, Schema

from mailstead.control.people import roles
from mailstead.control.people.actor import KINDS
from mailstead.control.people.api.door import caller, operation, token_of

router = Router(tags=["Me"])


class Me(Schema):
    """Who asks."""

    name: str = Field(description="The log-in, or in another's place the customer.")
    role: str = Field(description=f"One of {', '.join(KINDS)}.")
    customer: int | None
    domains: list[int] = Field(description="Of a domain administrator: the domains.")
    scopes: list[str]
    really: str = Field(description="Who sits there, where somebody acts in another's place.")
    token: str = Field(description="The token's name.")


@router.get("/me", response=Me, summary="Who this token is")
@operation(roles.SIGNED_IN)
def show_me(request: HttpRequest) -> Me:
    """The person, role and customer as which the token acts, and what it is for."""
    actor = caller(request)
    return Me(
        name=actor.name,
        role=actor.kind,
        customer=actor.customer or None,
        domains=sorted(actor.domains),
        scopes=sorted(actor.scopes or ()),
        really=actor.really.name,
        token=token_of(request).name,
    )
