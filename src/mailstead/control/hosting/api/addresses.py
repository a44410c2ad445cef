"""Forwarders, automatic answers, and what happens to mail for an address."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import Named, autoresponder_in, domain_in, forwarder_in
from mailstead.control.hosting.api.schemas import (
    AutoresponderOut,
    ForwarderOut,
    RouteIn,
    autoresponder_out,
    forwarder_out,
)
from mailstead.control.hosting.models import Domain
from mailstead.control.people.actor import Actor
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Page, Turn, paged
from mailstead.control.people.api.schemas import In, Moment
from mailstead.standards.address import forwarder_address

router = Router(tags=["Addresses"])


class AddressFind(Turn):
    """Which addresses."""

    q: str = Field("", max_length=320, description="Only what contains this text.")
    domain: str = Field("", max_length=253, description="Only of this domain.")


class ForwarderChange(RouteIn):
    """The whole forwarder."""

    keep_copy: bool = Field(False, description="A mailbox of the same address receives too.")


class ForwarderNew(ForwarderChange):
    """A new forwarder."""

    address: str = Field(min_length=3, max_length=320)


class AnswerModel(In):
    """The whole automatic answer."""

    subject: str = Field(min_length=1, max_length=250)
    body: str = Field(min_length=1, max_length=100_000)
    html: bool = False
    from_name: str = Field("", max_length=100)
    starts: Moment | None = None
    ends: Moment | None = None
    interval: int = Field(
        86400, ge=3600, le=5_184_000, description="Seconds before a sender is answered again."
    )


class AnswerNew(AnswerModel):
    """A new automatic answer."""

    address: str = Field(min_length=3, max_length=320)


class Step(Schema):
    """What happens at one address on the way."""

    address: str
    how: str
    next: list[str]
    store: str
    refused: str
    dropped: bool
    answered: bool
    elsewhere: bool
    operator: bool
    relay_to: str = Field(description="Host to which it is passed on; `mx`: where the DNS leads.")


class PassedOn(Schema):
    """An address whose mail another server gets."""

    address: str
    host: str = Field(description="A host, or `mx`: where the DNS leads.")


class Explained(Schema):
    """All that happens to a message for an address."""

    address: str
    stored: list[str] = Field(description="Mailboxes that keep it.")
    sent: list[str] = Field(description="Addresses elsewhere, or of others.")
    passed_on: list[PassedOn] = Field(
        description="Addresses of domains that another server serves, as long as a move lasts."
    )
    answered: list[str] = Field(description="Addresses that answer automatically.")
    dropped: bool
    operator: bool
    refused: str = Field(description="Why the sender's server is told no; empty: accepted.")
    steps: list[Step]


def _domain_of(actor: Actor, address: str) -> Domain:
    return queries.domain_named(actor, forwarder_address(address).domain)


@router.get("/forwarders", response=Page[ForwarderOut], summary="List forwarders")
@operation("forwarder.view")
def list_forwarders(request: HttpRequest, find: Query[AddressFind]) -> object:
    """The search looks at destinations too."""
    actor = caller(request)
    inside = domain_in(request, find.domain)[1] if find.domain else None
    return paged(queries.forwarders(actor, search=find.q, domain=inside), find, forwarder_out)


@router.post("/forwarders", response={201: ForwarderOut}, summary="Make a forwarder")
@operation("forwarder.create")
def create_forwarder(request: HttpRequest, body: ForwarderNew) -> Status[ForwarderOut]:
    """To addresses anywhere, or a refusal, or nowhere."""
    actor = caller(request)
    made = services.set_forwarder(
        actor=actor,
        now=timezone.now(),
        domain=_domain_of(actor, body.address),
        address=body.address,
        route=body.route(),
        keep_copy=body.keep_copy,
        new=True,
    )
    return Status(201, forwarder_out(made))


@router.get("/forwarders/{forwarder}", response=ForwarderOut, summary="Show a forwarder")
@operation("forwarder.view")
def show_forwarder(request: HttpRequest, forwarder: Named) -> ForwarderOut:
    """One of them, by its address or number."""
    return forwarder_out(forwarder_in(request, forwarder)[1])


@router.put("/forwarders/{forwarder}", response=ForwarderOut, summary="Change a forwarder")
@operation("forwarder.update")
def change_forwarder(request: HttpRequest, forwarder: Named, body: ForwarderChange) -> ForwarderOut:
    """The whole of it, all its destinations anew."""
    actor, found = forwarder_in(request, forwarder)
    made = services.set_forwarder(
        actor=actor,
        now=timezone.now(),
        domain=found.domain,
        address=found.address,
        route=body.route(),
        keep_copy=body.keep_copy,
    )
    return forwarder_out(made)


@router.delete("/forwarders/{forwarder}", response={204: None}, summary="Remove a forwarder")
@operation("forwarder.remove")
def remove_forwarder(request: HttpRequest, forwarder: Named) -> Status[None]:
    """A mailbox of the same address receives again."""
    actor, found = forwarder_in(request, forwarder)
    services.remove_forwarder(actor=actor, now=timezone.now(), forwarder=found)
    return Status(204, None)


@router.get("/autoresponders", response=Page[AutoresponderOut], summary="List automatic answers")
@operation("autoresponder.view")
def list_autoresponders(request: HttpRequest, find: Query[AddressFind]) -> object:
    """Also of addresses without a mailbox; a mailbox's own is its absence note."""
    actor = caller(request)
    inside = domain_in(request, find.domain)[1] if find.domain else None
    rows = queries.autoresponders(actor, search=find.q, domain=inside)
    return paged(rows, find, autoresponder_out)


@router.post(
    "/autoresponders", response={201: AutoresponderOut}, summary="Make an automatic answer"
)
@operation("autoresponder.create")
def create_autoresponder(request: HttpRequest, body: AnswerNew) -> Status[AutoresponderOut]:
    """For an address with or without a mailbox."""
    actor = caller(request)
    made = services.set_autoresponder(
        actor=actor,
        now=timezone.now(),
        domain=_domain_of(actor, body.address),
        new=True,
        **body.model_dump(),
    )
    return Status(201, autoresponder_out(made))


@router.get("/autoresponders/{autoresponder}", response=AutoresponderOut, summary="Show an answer")
@operation("autoresponder.view")
def show_autoresponder(request: HttpRequest, autoresponder: Named) -> AutoresponderOut:
    """One of them, by its address or number."""
    return autoresponder_out(autoresponder_in(request, autoresponder)[1])


@router.put(
    "/autoresponders/{autoresponder}", response=AutoresponderOut, summary="Change an answer"
)
@operation("autoresponder.update")
def change_autoresponder(
    request: HttpRequest, autoresponder: Named, body: AnswerModel
) -> AutoresponderOut:
    """The whole of it."""
    actor, found = autoresponder_in(request, autoresponder)
    made = services.set_autoresponder(
        actor=actor,
        now=timezone.now(),
        domain=found.domain,
        address=found.address,
        **body.model_dump(),
    )
    return autoresponder_out(made)


@router.delete("/autoresponders/{autoresponder}", response={204: None}, summary="Remove an answer")
@operation("autoresponder.remove")
def remove_autoresponder(request: HttpRequest, autoresponder: Named) -> Status[None]:
    """The answer ends."""
    actor, found = autoresponder_in(request, autoresponder)
    services.remove_autoresponder(actor=actor, now=timezone.now(), answer=found)
    return Status(204, None)


@router.get("/addresses/{address}", response=Explained, summary="Explain an address")
@operation("address.explain")
def explain_address(request: HttpRequest, address: Named) -> Explained:
    """Follow a message for it to every end; what is another customer's is not looked into."""
    found = queries.explain_to(caller(request), address)
    return Explained(
        address=address,
        stored=sorted(found.stored),
        sent=sorted(found.sent),
        passed_on=[PassedOn(address=one, host=host) for one, host in sorted(found.passed_on)],
        answered=sorted(found.answered),
        dropped=found.dropped,
        operator=found.operator,
        refused=found.refused,
        steps=[Step.model_validate(step) for step in found.steps],
    )
