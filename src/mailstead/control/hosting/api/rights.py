"""Inviting people and changing their rights: what needs to know the domains.

These operations join those of `people.api.members` on the same router, because one path has one.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Status

from mailstead.control.hosting import queries, services
from mailstead.control.people import queries as people
from mailstead.control.people import services as people_services
from mailstead.control.people.actor import Actor
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.members import (
    Member,
    MemberChange,
    Role,
    Waiting,
    member_out,
    router,
)
from mailstead.control.people.api.paging import Number
from mailstead.control.people.api.schemas import In
from mailstead.standards.refusal import Refusal

__all__ = ["router"]


class Invited(In):
    """Somebody to invite."""

    email: str = Field(min_length=3, max_length=254, description="Not hosted here.")
    role: Role
    domains: list[Number] = Field(
        default=[], max_length=1000, description="For a domain administrator: the domains."
    )


def _seen(actor: Actor, numbers: Sequence[int]) -> list[int]:
    seen = queries.domains(actor).filter(pk__in=numbers, customer=actor.customer or None)
    found = list(seen.values_list("pk", flat=True))
    if set(numbers) - set(found):
        raise Refusal("domain-unknown", "There is no such domain here.")
    return found


@router.post("/invitations", response={201: Waiting}, summary="Invite somebody")
@operation("person.invite")
def invite(request: HttpRequest, body: Invited) -> Status[object]:
    """Mail them a link by which they choose a password."""
    actor = caller(request)
    made = people_services.invite(
        actor=actor,
        now=timezone.now(),
        email=services.outside_address(body.email),
        role=body.role,
        customer=actor.customer or None,
        domains=_seen(actor, body.domains),
    )
    return Status(201, made)


@router.patch("/members/{number}", response=Member, summary="Change a person's rights")
@operation("person.update")
def change_member(request: HttpRequest, number: Path[Number], body: MemberChange) -> Member:
    """Another role, other domains."""
    actor = caller(request)
    found = people.member(actor, actor.customer or None, number)
    people_services.update_member(
        actor=actor,
        now=timezone.now(),
        membership=found,
        role=body.role,
        domains=_seen(actor, body.domains),
    )
    return member_out(found)
