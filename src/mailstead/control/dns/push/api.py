"""Pushing a domain's records to its DNS host over the API: plan, carry out, undo."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from mailstead.control.dns.models import Push
from mailstead.control.dns.push import queries, services
from mailstead.control.dns.push.providers import PROVIDERS, offered
from mailstead.control.dns.push.words import say_of
from mailstead.control.hosting.api.found import Named, domain_in
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number
from mailstead.control.people.api.schemas import In, Text

router = Router(tags=["Domains"])


class DnsHostOut(Schema):
    """A DNS host to which records can be pushed."""

    key: str
    name: str
    credentials: list[str] = Field(description="What is to be given with each request.")
    secrets: list[str] = Field(description="Those of them that nobody else may know.")
    guide: str = Field(description="How to make the least of a token that is enough.")


class DnsHosts(Schema):
    """All of them."""

    hosts: list[DnsHostOut]


class DnsPlanIn(In):
    """What a plan is made from."""

    host: str = Field(max_length=40, description=", ".join(one.key for one in PROVIDERS))
    credentials: dict[str, Text] = Field(
        description="As the host asks for them. Used for this request only and kept nowhere."
    )
    zone: str = Field("", max_length=253, description="Empty: the one that the DNS names.")


class DnsApplyIn(In):
    """How a plan is carried out."""

    credentials: dict[str, Text] = Field(description="The same again.")
    changes: list[Text] | None = Field(
        None,
        max_length=200,
        description="`key` of those to make; null: all of them that are not `loud`.",
    )


class DnsUndoIn(In):
    """What an undoing plan is made from."""

    credentials: dict[str, Text] = Field(description="As the host asks for them.")


class DnsChange(Schema):
    """One record set: as it is and as it will be."""

    key: str
    name: str
    type: str
    kind: Literal["create", "update", "delete"]
    before: list[str]
    after: list[str]
    loud: bool = Field(description="It is made only when it is named: mail leaves another host.")
    note: str
    warning: str
    chosen: bool = Field(description="It was made.")


class DnsPush(Schema):
    """A plan and what became of it."""

    number: int
    host: str
    zone: str
    state: Literal["planned", "applying", "applied", "failed"]
    words: str = Field(description="Why it failed.")
    undoes: int | None
    planned_at: dt.datetime
    applied_at: dt.datetime | None
    verified_at: dt.datetime | None = Field(description="Seen at the zone's own servers.")
    changes: list[DnsChange]
    kept: int = Field(description="Other record sets of the zone, which stay.")


class DnsPushes(Schema):
    """The newest fifty."""

    pushes: list[DnsPush]


@router.get("/dns-hosts", response=DnsHosts, summary="List the DNS hosts")
@operation("dns.push")
def list_dns_hosts(request: HttpRequest) -> DnsHosts:
    """To which records can be pushed."""
    return hosts_out()


def hosts_out() -> DnsHosts:
    """The DNS hosts as programs read them."""
    return DnsHosts(
        hosts=[
            DnsHostOut(
                key=one.key,
                name=one.name,
                credentials=[each.key for each in one.credentials],
                secrets=[each.key for each in one.credentials if each.secret],
                guide=one.guide,
            )
            for one in offered()
        ]
    )


@router.get("/domains/{domain}/dns/pushes", response=DnsPushes, summary="List pushes")
@operation("dns.view")
def list_pushes(request: HttpRequest, domain: Named) -> DnsPushes:
    """What was planned and changed at the DNS host."""
    found = domain_in(request, domain)[1]
    return DnsPushes(pushes=[out(push) for push in queries.pushes(found)[:50]])


@router.post("/domains/{domain}/dns/pushes", response=DnsPush, summary="Plan a push")
@operation("dns.push", waits=True)
def plan_push(request: HttpRequest, domain: Named, body: DnsPlanIn) -> DnsPush:
    """Read the zone and say what would change; nothing is changed. Takes up to 25 seconds."""
    push = services.plan_push(
        actor=caller(request),
        now=timezone.now(),
        domain=domain_in(request, domain)[1],
        provider=body.host,
        credentials=body.credentials,
        zone=body.zone,
    )
    return out(push)


@router.get("/domains/{domain}/dns/pushes/{number}", response=DnsPush, summary="Show a push")
@operation("dns.view")
def show_push(request: HttpRequest, domain: Named, number: Number) -> DnsPush:
    """One of them."""
    return out(queries.push_numbered(domain_in(request, domain)[1], number))


@router.post(
    "/domains/{domain}/dns/pushes/{number}/apply", response=DnsPush, summary="Carry a plan out"
)
@operation("dns.push", waits=True)
def apply_push(request: HttpRequest, domain: Named, number: Number, body: DnsApplyIn) -> DnsPush:
    """If the zone is still as it was read; takes up to 55 seconds."""
    push = queries.push_numbered(domain_in(request, domain)[1], number)
    services.apply_push(
        actor=caller(request),
        now=timezone.now(),
        push=push,
        credentials=body.credentials,
        chosen=body.changes,
    )
    return out(push)


@router.post(
    "/domains/{domain}/dns/pushes/{number}/undo", response=DnsPush, summary="Plan the way back"
)
@operation("dns.push", waits=True)
def undo_push(request: HttpRequest, domain: Named, number: Number, body: DnsUndoIn) -> DnsPush:
    """A plan that brings back what was replaced; it is carried out like any other."""
    push = services.plan_undo(
        actor=caller(request),
        now=timezone.now(),
        push=queries.push_numbered(domain_in(request, domain)[1], number),
        credentials=body.credentials,
    )
    return out(push)


def out(push: Push) -> DnsPush:
    """A push as programs read it."""
    changes = queries.changes_of(push)
    touched = {one.key for one in changes}
    return DnsPush(
        number=push.pk,
        host=push.provider,
        zone=push.zone,
        state=push.state,  # type: ignore[arg-type]
        words=push.words,
        undoes=push.undoes_id,
        planned_at=push.planned_at,
        applied_at=push.applied_at,
        verified_at=push.verified_at,
        changes=[
            DnsChange(
                key=said.change.key,
                name=said.change.name,
                type=said.change.type,
                kind=said.change.kind,  # type: ignore[arg-type]
                before=said.before,
                after=said.after,
                loud=said.change.loud,
                note=said.note,
                warning=said.warning,
                chosen=said.change.key in push.chosen,
            )
            for said in map(say_of, changes)
        ],
        kept=sum(1 for key in push.marks if key not in touched),
    )
