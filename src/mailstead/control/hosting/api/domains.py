"""Domains: life, suspension, catch-all, domain forwarder, alias."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Status

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import Named, domain_in
from mailstead.control.hosting.api.schemas import DomainOut, Reason, RouteIn, domain_out
from mailstead.control.hosting.models import Domain
from mailstead.control.people.actor import Actor
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turn, paged
from mailstead.control.people.api.schemas import In
from mailstead.standards.refusal import Refusal

router = Router(tags=["Domains"])
DomainName = Annotated[str, Field(min_length=1, max_length=253)]


class DomainNew(In):
    """A new domain."""

    name: DomainName
    customer: Number | None = Field(None, description="Whose it is; the own where not given.")
    server: str | None = Field(
        None, max_length=63, description="Its node, for the company only; default: the emptiest."
    )
    dkim: bool = Field(True, description="Make a signing key at once.")


class DomainFind(Turn):
    """Which domains."""

    q: str = Field("", max_length=320, description="Only what contains this text.")
    customer: Number | None = Field(None, description="Only theirs.")
    removed: bool = Field(False, description="Those within their grace period instead.")
    catch_all: bool = Field(False, description="Only those with a catch-all.")


class Target(In):
    """Another domain."""

    target: DomainName


def _shown(actor: Actor, domain: Domain) -> DomainOut:
    """As it is now: a service may have read its own row."""
    rows = queries.domains(actor, removed=domain.removed_at is not None)
    return domain_out(rows.get(pk=domain.pk))


@router.get("/domains", response=Page[DomainOut], summary="List domains")
@operation("domain.view")
def list_domains(request: HttpRequest, find: Query[DomainFind]) -> object:
    """Domains that the token sees, in the order in which they were added."""
    actor = caller(request)
    owner = queries.customer_numbered(actor, find.customer) if find.customer else None
    rows = queries.domains(actor, search=find.q, customer=owner, removed=find.removed)
    return paged(rows.exclude(catch_all_action="") if find.catch_all else rows, find, domain_out)


@router.post("/domains", response={201: DomainOut}, summary="Add a domain")
@operation("domain.create")
def create_domain(request: HttpRequest, body: DomainNew) -> Status[DomainOut]:
    """A domain with its signing key; `dns` then says what to publish."""
    actor = caller(request)
    number = body.customer or actor.customer
    if not number:
        raise Refusal("customer-missing", "Whose domain is it?", remedy="Give 'customer'.")
    made = services.create_domain(
        actor=actor,
        now=timezone.now(),
        name=body.name,
        customer=queries.customer_numbered(actor, number),
        server=queries.server_named(actor, body.server) if body.server else None,
        dkim=body.dkim,
    )
    return Status(201, _shown(actor, made))


@router.get("/domains/{domain}", response=DomainOut, summary="Show a domain")
@operation("domain.view")
def show_domain(request: HttpRequest, domain: Named) -> DomainOut:
    """One of them, by its name or number."""
    return domain_out(domain_in(request, domain)[1])


@router.delete("/domains/{domain}", response=DomainOut, summary="Remove a domain")
@operation("domain.remove")
def remove_domain(request: HttpRequest, domain: Named) -> DomainOut:
    """The domain and all in it; `purge_after` says until when it can be restored."""
    actor, found = domain_in(request, domain)
    services.remove_domain(actor=actor, now=timezone.now(), domain=found, grace=queries.grace())
    return domain_out(found)


@router.post("/domains/{domain}/restore", response=DomainOut, summary="Restore a domain")
@operation("domain.restore")
def restore_domain(request: HttpRequest, domain: Named) -> DomainOut:
    """Undo a removal: the domain and the mailboxes that were removed with it."""
    actor, found = domain_in(request, domain, removed=True)
    services.restore_domain(actor=actor, now=timezone.now(), domain=found)
    return _shown(actor, found)


@router.post("/domains/{domain}/suspend", response=DomainOut, summary="Suspend a domain")
@operation("domain.suspend")
def suspend_domain(request: HttpRequest, domain: Named, body: Reason) -> DomainOut:
    """No log-in and no sending for its mailboxes; mail is still received."""
    actor, found = domain_in(request, domain)
    services.suspend_domain(actor=actor, now=timezone.now(), domain=found, reason=body.reason)
    return domain_out(found)


@router.post("/domains/{domain}/resume", response=DomainOut, summary="Resume a domain")
@operation("domain.resume")
def resume_domain(request: HttpRequest, domain: Named) -> DomainOut:
    """The suspension ends."""
    actor, found = domain_in(request, domain)
    services.resume_domain(actor=actor, now=timezone.now(), domain=found)
    return domain_out(found)


@router.put("/domains/{domain}/catch-all", response=DomainOut, summary="Set the catch-all")
@operation("domain.set-catch-all")
def set_catch_all(request: HttpRequest, domain: Named, body: RouteIn) -> DomainOut:
    """What happens to mail for addresses that nobody has."""
    actor, found = domain_in(request, domain)
    services.set_catch_all(actor=actor, now=timezone.now(), domain=found, route=body.route())
    return domain_out(found)


@router.delete("/domains/{domain}/catch-all", response=DomainOut, summary="End the catch-all")
@operation("domain.set-catch-all")
def end_catch_all(request: HttpRequest, domain: Named) -> DomainOut:
    """Unknown addresses are refused."""
    actor, found = domain_in(request, domain)
    services.set_catch_all(actor=actor, now=timezone.now(), domain=found, route=None)
    return domain_out(found)


@router.put("/domains/{domain}/forward", response=DomainOut, summary="Forward a whole domain")
@operation("domain.set-forwarder")
def set_domain_forwarder(request: HttpRequest, domain: Named, body: Target) -> DomainOut:
    """Every local part that the domain does not define goes to the same at `target`."""
    actor, found = domain_in(request, domain)
    services.set_domain_forwarder(actor=actor, now=timezone.now(), domain=found, target=body.target)
    return domain_out(found)


@router.delete("/domains/{domain}/forward", response=DomainOut, summary="End the domain forwarder")
@operation("domain.set-forwarder")
def end_domain_forwarder(request: HttpRequest, domain: Named) -> DomainOut:
    """Local parts that the domain does not define are its catch-all's again."""
    actor, found = domain_in(request, domain)
    services.set_domain_forwarder(actor=actor, now=timezone.now(), domain=found, target=None)
    return domain_out(found)


@router.put("/domains/{domain}/alias", response=DomainOut, summary="Make a domain an alias")
@operation("domain.set-alias")
def make_alias(request: HttpRequest, domain: Named, body: Target) -> DomainOut:
    """Every address of `target` exists here too."""
    actor, found = domain_in(request, domain)
    target = queries.domain_named(actor, body.target)
    services.make_domain_alias(actor=actor, now=timezone.now(), domain=found, target=target)
    return domain_out(found)


@router.delete("/domains/{domain}/alias", response=DomainOut, summary="End an alias")
@operation("domain.set-alias")
def end_alias(request: HttpRequest, domain: Named) -> DomainOut:
    """It is a domain of its own again."""
    actor, found = domain_in(request, domain)
    services.make_domain_alias(actor=actor, now=timezone.now(), domain=found, target=None)
    return domain_out(found)
