"""Customers."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import customer_in
from mailstead.control.hosting.api.schemas import CustomerOut, Reason, customer_out
from mailstead.control.hosting.models import Customer, Package
from mailstead.control.people.actor import Actor
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turn, paged
from mailstead.control.people.api.schemas import In, Limit, Size
from mailstead.standards.refusal import Refusal

router = Router(tags=["Customers"])


class CustomerNew(In):
    """A new customer."""

    name: str = Field(min_length=1, max_length=120)
    email: str = Field("", max_length=254, description="Contact address, not hosted here.")
    quota: Size = 0
    mailbox_limit: Limit | None = None
    domain_limit: Limit | None = None
    package: Number | None = Field(None, description="Gives the limits instead.")
    is_reseller: bool = False
    invite: bool = Field(False, description="Mail the contact address a link to a log-in.")


class CustomerChange(In):
    """What is to be changed; a limit of null is none."""

    name: str | None = Field(None, min_length=1, max_length=120)
    email: str | None = Field(None, max_length=254)
    quota: Size | None = None
    mailbox_limit: Limit | None = None
    domain_limit: Limit | None = None
    package: Number | None = Field(None, description="Gives all limits instead.")


class Reselling(In):
    """Whether it resells."""

    is_reseller: bool


class PasswordRule(In):
    """What happens to a mailbox's password that is known from leaks."""

    rule: Literal["", "warn", "refuse", "change"] = Field(
        description="Empty: as the house says. The stricter of the two holds. `change`: new ones "
        "are refused, and a mailbox that has one sends nothing more after `days`."
    )
    days: int | None = Field(
        None, ge=1, le=services.MOST_PASSWORD_DAYS, description="With `change`; null: 14."
    )


class CustomerFind(Turn):
    """Which customers."""

    q: str = Field("", max_length=320, description="Only what contains this text.")
    name: str = Field("", max_length=120, description="Only the one of this name.")


class Usage(Schema):
    """What a customer has."""

    used: int = Field(description="Bytes that all mailboxes use together.")
    quota: int = Field(description="Bytes; 0: no limit.")
    domains: int
    mailboxes: int


def _package(actor: Actor, customer: Customer | None, number: int | None) -> Package | None:
    """The package, if it may be given to the customer; raises `Refusal`."""
    if number is None:
        return None
    found = queries.packages_for(actor, customer).filter(pk=number).first()
    if found is None:
        raise Refusal("package-unknown", "There is no such package for this customer.")
    return found


@router.get("/customers", response=Page[CustomerOut], summary="List customers")
@operation("customer.list")
def list_customers(request: HttpRequest, find: Query[CustomerFind]) -> object:
    """All customers that the token sees, in the order in which they were made."""
    rows = queries.customers(caller(request), search=find.q)
    if find.name:
        rows = rows.filter(name__iexact=find.name.strip())
    return paged(rows, find, customer_out)


@router.post("/customers", response={201: CustomerOut}, summary="Add a customer")
@operation("customer.create")
def create_customer(request: HttpRequest, body: CustomerNew) -> Status[CustomerOut]:
    """One who is made by a reseller belongs to that one."""
    actor = caller(request)
    values = body.model_dump()
    values["package"] = _package(actor, None, body.package)
    made = services.create_customer(actor=actor, now=timezone.now(), **values)
    return Status(201, customer_out(made))


@router.get("/customers/{number}", response=CustomerOut, summary="Show a customer")
@operation("customer.view")
def show_customer(request: HttpRequest, number: Path[Number]) -> CustomerOut:
    """One of them."""
    return customer_out(customer_in(request, number)[1])


@router.patch("/customers/{number}", response=CustomerOut, summary="Change a customer")
@operation("customer.update")
def change_customer(
    request: HttpRequest, number: Path[Number], body: CustomerChange
) -> CustomerOut:
    """Change what is given; a smaller limit keeps the mailboxes that are there."""
    actor, found = customer_in(request, number)
    given = body.model_fields_set
    values = body.model_dump()
    values["package"] = _package(actor, found, body.package)
    services.update_customer(
        actor=actor,
        now=timezone.now(),
        customer=found,
        no_mailbox_limit="mailbox_limit" in given and body.mailbox_limit is None,
        no_domain_limit="domain_limit" in given and body.domain_limit is None,
        **values,
    )
    return customer_out(found)


@router.delete("/customers/{number}", response={204: None}, summary="Remove a customer")
@operation("customer.remove")
def remove_customer(request: HttpRequest, number: Path[Number]) -> Status[None]:
    """Only one without domains, removed ones within their grace period included."""
    actor, found = customer_in(request, number)
    services.remove_customer(actor=actor, now=timezone.now(), customer=found)
    return Status(204, None)


@router.post("/customers/{number}/suspend", response=CustomerOut, summary="Suspend a customer")
@operation("customer.suspend")
def suspend_customer(request: HttpRequest, number: Path[Number], body: Reason) -> CustomerOut:
    """No log-in and no sending for all their mailboxes; mail is still received."""
    actor, found = customer_in(request, number)
    services.suspend_customer(actor=actor, now=timezone.now(), customer=found, reason=body.reason)
    return customer_out(found)


@router.post("/customers/{number}/resume", response=CustomerOut, summary="Resume a customer")
@operation("customer.resume")
def resume_customer(request: HttpRequest, number: Path[Number]) -> CustomerOut:
    """The suspension ends."""
    actor, found = customer_in(request, number)
    services.resume_customer(actor=actor, now=timezone.now(), customer=found)
    return customer_out(found)


@router.put("/customers/{number}/reseller", response=CustomerOut, summary="Make a reseller")
@operation("customer.make-reseller")
def set_reseller(request: HttpRequest, number: Path[Number], body: Reselling) -> CustomerOut:
    """Let a customer have customers of their own, or no more."""
    actor, found = customer_in(request, number)
    services.set_reseller(
        actor=actor, now=timezone.now(), customer=found, is_reseller=body.is_reseller
    )
    return customer_out(found)


@router.put(
    "/customers/{number}/password-rule", response=CustomerOut, summary="Rule leaked passwords"
)
@operation("customer.set-password-rule")
def set_password_rule(
    request: HttpRequest, number: Path[Number], body: PasswordRule
) -> CustomerOut:
    """Say what happens when a mailbox gets a password that is known from leaks."""
    actor, found = customer_in(request, number)
    services.set_password_rule(
        actor=actor, now=timezone.now(), customer=found, rule=body.rule, days=body.days
    )
    return customer_out(found)


@router.get("/customers/{number}/usage", response=Usage, summary="Show what a customer uses")
@operation("customer.view")
def show_usage(request: HttpRequest, number: Path[Number]) -> Usage:
    """Storage, domains and mailboxes, as far as the token sees them."""
    actor, found = customer_in(request, number)
    return Usage(
        used=services.pool_usage(found),
        quota=found.quota,
        domains=queries.domains(actor, customer=found).count(),
        mailboxes=queries.mailboxes(actor).filter(domain__customer=found).count(),
    )
