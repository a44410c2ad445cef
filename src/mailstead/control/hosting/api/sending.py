"""How much may be sent and has been sent."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import Named, customer_in, mailbox_in
from mailstead.control.hosting.models import Customer, Package, SendingUse
from mailstead.control.hosting.queries import sending
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turn, paged
from mailstead.control.people.api.schemas import In
from mailstead.wire.sending import FIELDS, Ceilings

router = Router(tags=["Sending limits"])
Ceiling = Annotated[int, Field(ge=0, le=10_000_000)]


class CeilingsOut(Schema):
    """The most within an hour and a day; null: no limit, or nothing said here."""

    messages_hour: int | None
    messages_day: int | None
    recipients_hour: int | None
    recipients_day: int | None


class CeilingsIn(In):
    """All four; what is null is not said here."""

    messages_hour: Ceiling | None = None
    messages_day: Ceiling | None = None
    recipients_hour: Ceiling | None = None
    recipients_day: Ceiling | None = None

    def ceilings(self) -> Ceilings:
        """As the services take them."""
        return Ceilings(**{name: getattr(self, name) for name in FIELDS})


class StepOut(Schema):
    """What a new customer's mailboxes together may send until it is so old."""

    days: int
    together: CeilingsOut


class StepIn(In):
    """A step for new customers."""

    days: int = Field(ge=1, le=365)
    together: CeilingsIn


class HouseOut(Schema):
    """What holds where nothing else is said."""

    each: CeilingsOut = Field(description="Each mailbox.")
    together: CeilingsOut = Field(description="All mailboxes of a customer.")
    ramp: list[StepOut]


class HouseIn(In):
    """The whole of it."""

    each: CeilingsIn
    together: CeilingsIn
    ramp: list[StepIn] = Field(default=[], max_length=10)


class GroupOut(Schema):
    """What a customer or a package says itself."""

    each: CeilingsOut = Field(description="Each mailbox.")
    together: CeilingsOut = Field(description="All mailboxes.")


class GroupIn(In):
    """The whole of it."""

    each: CeilingsIn
    together: CeilingsIn


class CustomerOut(GroupOut):
    """What a customer says itself, and what follows from it now."""

    exempt_from_ramp: bool
    each_now: CeilingsOut
    together_now: CeilingsOut
    new_until: dt.datetime | None = Field(description="When the present step for new ones ends.")


class CustomerIn(GroupIn):
    """The whole of it."""

    exempt_from_ramp: bool | None = Field(None, description="Null: as it is.")


class UseOut(Schema):
    """What a mailbox, or a customer's mailboxes together, have sent through a server."""

    mailbox: str | None
    customer: int | None
    server: str
    at: dt.datetime
    sent: CeilingsOut
    refused: int = Field(description="How often within two days.")
    refused_at: dt.datetime | None
    reason: str = Field(description="The page that explains the last refusal.")


class MailboxOut(Schema):
    """What a mailbox may send and has sent."""

    own: CeilingsOut
    now: CeilingsOut
    together_now: CeilingsOut
    sent: CeilingsOut


class UseFind(Turn):
    """Whose."""

    refused: bool = Field(False, description="Only who was refused within a day.")


def _out(ceilings: Ceilings) -> CeilingsOut:
    return CeilingsOut(**{name: getattr(ceilings, name) for name in FIELDS})


def _sent(use: SendingUse | None) -> CeilingsOut:
    now = timezone.now()
    return CeilingsOut(**{name: use.current(name, now) if use else 0 for name in FIELDS})


def _house() -> HouseOut:
    said = sending.house()
    return HouseOut(
        each=_out(said.mailbox),
        together=_out(said.customer),
        ramp=[StepOut(days=step.days, together=_out(step.ceilings)) for step in said.ramp],
    )


@router.get("/sending-limits", response=HouseOut, summary="Show the house's sending limits")
@operation("sending-limits.view")
def show_sending_limits(request: HttpRequest) -> HouseOut:
    """What holds where nothing else is said."""
    return _house()


@router.put("/sending-limits", response=HouseOut, summary="Set the house's sending limits")
@operation("sending-limits.set")
def set_sending_limits(request: HttpRequest, body: HouseIn) -> HouseOut:
    """The whole of them; every node hears of it."""
    services.set_house_limits(
        actor=caller(request),
        now=timezone.now(),
        mailbox=body.each.ceilings(),
        customer=body.together.ceilings(),
        ramp=[
            sending.RampStep(days=step.days, ceilings=step.together.ceilings())
            for step in body.ramp
        ],
    )
    return _house()


def _group(row: Package) -> GroupOut:
    return GroupOut(
        each=_out(sending.ceilings_in(row.sending_mailbox)),
        together=_out(sending.ceilings_in(row.sending_total)),
    )


def _customer(row: Customer) -> CustomerOut:
    said = sending.house()
    step = sending.account(row, said).at(timezone.now())
    return CustomerOut(
        each=_out(sending.ceilings_in(row.sending_mailbox)),
        together=_out(sending.ceilings_in(row.sending_total)),
        exempt_from_ramp=row.sending_ramp_exempt,
        each_now=_out(sending.mailbox_default(row, said)),
        together_now=_out(step.ceilings),
        new_until=step.until,
    )


@router.get(
    "/customers/{number}/sending-limits",
    response=CustomerOut,
    summary="Show a customer's sending limits",
)
@operation("customer.view")
def show_customer_sending(request: HttpRequest, number: Path[Number]) -> CustomerOut:
    """What it says itself, and what follows from it now."""
    return _customer(customer_in(request, number)[1])


@router.put(
    "/customers/{number}/sending-limits",
    response=CustomerOut,
    summary="Set a customer's sending limits",
)
@operation("customer.set-sending-limits")
def set_customer_sending(
    request: HttpRequest, number: Path[Number], body: CustomerIn
) -> CustomerOut:
    """The whole of them; own limits take it out of its package."""
    actor, found = customer_in(request, number)
    services.set_customer_limits(
        actor=actor,
        now=timezone.now(),
        customer=found,
        mailbox=body.each.ceilings(),
        total=body.together.ceilings(),
        ramp_exempt=body.exempt_from_ramp,
    )
    return _customer(found)


@router.get(
    "/packages/{number}/sending-limits",
    response=GroupOut,
    summary="Show a package's sending limits",
)
@operation("package.view")
def show_package_sending(request: HttpRequest, number: Path[Number]) -> GroupOut:
    """What it gives to customers."""
    return _group(queries.package_numbered(caller(request), number))


@router.put(
    "/packages/{number}/sending-limits",
    response=GroupOut,
    summary="Set a package's sending limits",
)
@operation("package.update")
def set_package_sending(request: HttpRequest, number: Path[Number], body: GroupIn) -> GroupOut:
    """The whole of them; customers keep theirs until it is applied to them."""
    actor = caller(request)
    found = queries.package_numbered(actor, number)
    services.set_package_limits(
        actor=actor,
        now=timezone.now(),
        package=found,
        mailbox=body.each.ceilings(),
        total=body.together.ceilings(),
    )
    return _group(found)


def _mailbox(told: sending.MailboxSending) -> MailboxOut:
    return MailboxOut(
        own=_out(told.own),
        now=_out(told.ceilings),
        together_now=_out(told.step.ceilings),
        sent=_sent(told.use),
    )


@router.get(
    "/mailboxes/{mailbox}/sending-limits",
    response=MailboxOut,
    summary="Show a mailbox's sending limits",
)
@operation("sending-use.view")
def show_mailbox_sending(request: HttpRequest, mailbox: Named) -> MailboxOut:
    """What it may send, and what it has sent."""
    _, found = mailbox_in(request, mailbox)
    return _mailbox(sending.sending_of(found, timezone.now()))


@router.put(
    "/mailboxes/{mailbox}/sending-limits",
    response=MailboxOut,
    summary="Set a mailbox's sending limits",
)
@operation("mailbox.set-sending-limits")
def set_mailbox_sending(request: HttpRequest, mailbox: Named, body: CeilingsIn) -> MailboxOut:
    """All four; null is as its customer's other mailboxes."""
    actor, found = mailbox_in(request, mailbox)
    services.set_mailbox_limits(
        actor=actor, now=timezone.now(), mailbox=found, ceilings=body.ceilings()
    )
    return _mailbox(sending.sending_of(found, timezone.now()))


@router.get("/sending", response=Page[UseOut], summary="List who has sent how much")
@operation("sending-use.view")
def list_sending(request: HttpRequest, find: Query[UseFind]) -> object:
    """Within a day; the figures are a few seconds old."""
    actor, now = caller(request), timezone.now()
    rows = sending.at_limit(actor, now) if find.refused else sending.lately(actor, now)
    return paged(rows, find, _use)


def _use(row: SendingUse) -> UseOut:
    return UseOut(
        mailbox=row.mailbox.address if row.mailbox else None,
        customer=row.customer_id,
        server=row.server.name,
        at=row.at,
        sent=_sent(row),
        refused=row.refused,
        refused_at=row.refused_at,
        reason=row.page,
    )
