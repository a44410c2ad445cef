"""People and their rights, and the invitations that wait."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Router, Schema, Status

from mailstead.control.people import queries, services
from mailstead.control.people.actor import Actor
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turning, paged
from mailstead.control.people.api.schemas import In
from mailstead.control.people.models import Membership
from mailstead.standards.refusal import Refusal

router = Router(tags=["People"])
Role = Literal["operator", "staff", "reseller", "customer", "domain_admin"]


class Member(Schema):
    """Somebody with a log-in here."""

    id: int
    email: str
    name: str
    role: Role
    domains: list[int] = Field(description="Numbers of the domains of a domain administrator.")
    created_at: dt.datetime


class MemberChange(In):
    """Other rights."""

    role: Role
    domains: list[Number] = Field(default=[], max_length=1000)


class Policy(In):
    """What is demanded of everybody."""

    second_factor: bool


def member_out(row: Membership) -> Member:
    """One of the people."""
    return Member(
        id=row.pk,
        email=row.person.email,
        name=row.person.name,
        role=row.role,  # type: ignore[arg-type]
        domains=row.domains,
        created_at=row.created_at,
    )


def _found(request: HttpRequest, number: int) -> tuple[Actor, Membership]:
    actor = caller(request)
    return actor, queries.member(actor, actor.customer or None, number)


@router.get("/members", response=Page[Member], summary="List people")
@operation("person.view")
def list_members(request: HttpRequest, turn: Turning) -> object:
    """Everybody with a log-in for this customer, or for the company."""
    return paged(queries.members(caller(request).customer or None), turn, member_out)


@router.get("/members/{number}", response=Member, summary="Show a person")
@operation("person.view")
def show_member(request: HttpRequest, number: Path[Number]) -> Member:
    """One of them."""
    return member_out(_found(request, number)[1])


@router.delete("/members/{number}", response={204: None}, summary="End a person's access")
@operation("person.remove")
def remove_member(request: HttpRequest, number: Path[Number]) -> Status[None]:
    """Their sessions and tokens end at once."""
    actor, found = _found(request, number)
    services.remove_member(actor=actor, now=timezone.now(), membership=found)
    return Status(204, None)


class Waiting(Schema):
    """An invitation that nobody has taken yet."""

    id: int
    email: str
    role: Role
    domains: list[int]
    created_at: dt.datetime
    expires_at: dt.datetime


@router.get("/invitations", response=Page[Waiting], summary="List invitations")
@operation("person.view")
def list_invitations(request: HttpRequest, turn: Turning) -> object:
    """Invitations that wait for an answer."""
    return paged(queries.invitations(caller(request).customer or None), turn, lambda row: row)


@router.delete("/invitations/{number}", response={204: None}, summary="Withdraw an invitation")
@operation("person.remove")
def withdraw_invitation(request: HttpRequest, number: Path[Number]) -> Status[None]:
    """Its link is good no more."""
    actor = caller(request)
    found = queries.invitations(actor.customer or None).filter(pk=number).first()
    if found is None:
        raise Refusal("invitation-unknown", "There is no such invitation.")
    services.withdraw_invitation(actor=actor, now=timezone.now(), invitation=found)
    return Status(204, None)


@router.get("/policy", response=Policy, summary="Show what is demanded of people")
@operation("person.view")
def show_policy(request: HttpRequest) -> Policy:
    """Whether everybody who works for this customer must sign in with a second factor."""
    return Policy(second_factor=queries.second_factor_demanded(_customer(request)))


@router.put("/policy", response=Policy, summary="Demand a second factor, or no more")
@operation("person.demand-second-factor")
def set_policy(request: HttpRequest, body: Policy) -> Policy:
    """Demand it of everybody who works for this customer."""
    services.demand_second_factor(
        actor=caller(request),
        now=timezone.now(),
        customer=_customer(request),
        demanded=body.second_factor,
    )
    return body


def _customer(request: HttpRequest) -> int:
    actor = caller(request)
    if not actor.customer:
        raise Refusal(
            "customer-missing",
            "The company's own people follow the instance's settings.",
            remedy="Act in a customer's place.",
        )
    return actor.customer
