"""What the API shows of customers, domains and what lies in them."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec
from ninja import Field, Schema

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import (
    Autoresponder,
    Customer,
    Domain,
    Forwarder,
    Mailbox,
    Server,
)
from mailstead.control.people.api.schemas import In, Text
from mailstead.wire.changes import Route


class RouteIn(In):
    """Where mail goes."""

    action: Literal["deliver", "fail", "blackhole"] = Field(
        "deliver", description="To `destinations`, refused with `text`, or thrown away."
    )
    destinations: list[Text] = Field(default=[], max_length=500)
    text: str = Field("", max_length=500, description="For `fail`: what the sender reads.")

    def route(self) -> Route:
        """As the services take it."""
        return Route(
            action=self.action, destinations=tuple(self.destinations), text=self.text.strip()
        )


class RouteOut(Schema):
    """Where mail goes."""

    action: Literal["deliver", "fail", "blackhole"]
    destinations: list[str]
    text: str


class Reason(In):
    """Why; told to whom it concerns."""

    reason: str = Field("", max_length=300)


class CustomerOut(Schema):
    """Who owns domains."""

    id: int
    name: str
    email: str
    reseller: int | None = Field(description="Number of the customer who resells to this one.")
    is_reseller: bool
    package: int | None = Field(description="From which the limits came.")
    quota: int = Field(description="Bytes that all mailboxes share; 0: no limit.")
    mailbox_limit: int | None
    domain_limit: int | None
    suspended: bool
    suspended_reason: str
    password_rule: Literal["", "warn", "refuse", "change"] = Field(
        description="For passwords known from leaks, where stricter than the house's."
    )
    password_days: int = Field(description="With `change`: in so many days; else 0.")
    pool_full: bool = Field(description="The shared storage is used up: no mail is received.")
    created_at: dt.datetime | None


class DomainOut(Schema):
    """A hosted domain."""

    id: int
    name: str
    customer: int
    customer_name: str
    server: str
    proven: bool = Field(description="False: not active until its owner shows whose it is.")
    suspended: bool
    suspended_reason: str
    alias_of: str | None
    forward_to: str | None
    catch_all: RouteOut | None = Field(description="Null: unknown addresses are refused.")
    dns_state: Literal["", "good", "warn", "bad", "unknown"] = Field(
        description="`bad`: its mail does not come here. Empty: not looked at yet."
    )
    dns_checked_at: dt.datetime | None
    created_at: dt.datetime | None
    removed_at: dt.datetime | None
    purge_after: dt.datetime | None = Field(description="Until then a removal can be undone.")


class MailboxOut(Schema):
    """A mailbox."""

    id: int
    address: str
    name: str
    quota: int = Field(description="Bytes; 0: no limit of its own.")
    usage_bytes: int
    usage_messages: int
    login_suspended: str = Field(description="Why; empty: not suspended.")
    sending_suspended: str
    receiving_suspended: str
    recovery_address: str
    password_leaked: bool = Field(
        description="It was opened with a password that is known from leaks, and still has it."
    )
    leaked_at: dt.datetime | None = Field(description="When that was seen last.")
    leaked_due: dt.datetime | None = Field(
        description="When it sends nothing more, unless the password is changed."
    )
    created_at: dt.datetime | None
    removed_at: dt.datetime | None
    purge_after: dt.datetime | None = Field(description="Until then a removal can be undone.")


class ForwarderOut(RouteOut):
    """A forwarder."""

    id: int
    address: str
    keep_copy: bool = Field(description="A mailbox of the same address receives too.")


class AutoresponderOut(Schema):
    """An automatic answer."""

    id: int
    address: str
    subject: str
    body: str
    html: bool
    from_name: str
    starts: dt.datetime | None
    ends: dt.datetime | None
    interval: int = Field(description="Seconds before the same sender is answered again.")


class ServerOut(Schema):
    """A mail node and how far it follows."""

    id: int
    name: str
    hostname: str
    revision: int
    applied: int
    applied_at: dt.datetime | None
    last_seen: dt.datetime | None
    failure: str


def customer_out(row: Customer) -> CustomerOut:
    """A customer."""
    return CustomerOut(
        id=row.pk,
        name=row.name,
        email=row.email,
        reseller=row.reseller_id,
        is_reseller=row.is_reseller,
        package=row.package_id,
        quota=row.quota,
        mailbox_limit=row.mailbox_limit,
        domain_limit=row.domain_limit,
        suspended=row.suspended,
        suspended_reason=row.suspended_reason,
        password_rule=row.password_rule,  # type: ignore[arg-type]
        password_days=row.password_days,
        pool_full=row.pool_full,
        created_at=row.created_at,
    )


def domain_out(row: Domain) -> DomainOut:
    """A domain; needs customer, server and alias fetched."""
    catch_all = None
    if row.catch_all_action:
        catch_all = RouteOut(
            action=row.catch_all_action,  # type: ignore[arg-type]
            destinations=row.catch_all_destinations,
            text=row.catch_all_text,
        )
    return DomainOut(
        id=row.pk,
        name=row.name,
        customer=row.customer_id,
        customer_name=row.customer.name,
        server=row.server.name,
        proven=row.proven,
        suspended=row.suspended,
        suspended_reason=row.suspended_reason,
        alias_of=row.alias_of.name if row.alias_of else None,
        forward_to=row.forward_to or None,
        catch_all=catch_all,
        dns_state=row.dns_state,  # type: ignore[arg-type]
        dns_checked_at=row.dns_checked_at,
        created_at=row.created_at,
        removed_at=row.removed_at,
        purge_after=row.purge_after,
    )


def mailbox_out(row: Mailbox) -> MailboxOut:
    """A mailbox; needs the domain fetched."""
    return MailboxOut.model_validate(row)


def forwarder_out(row: Forwarder) -> ForwarderOut:
    """A forwarder; needs domain and destinations fetched."""
    route = msgspec.to_builtins(queries.route_of(row))
    return ForwarderOut(id=row.pk, address=row.address, keep_copy=row.keep_copy, **route)


def autoresponder_out(row: Autoresponder) -> AutoresponderOut:
    """An automatic answer; needs the domain fetched."""
    return AutoresponderOut.model_validate(row)


def server_out(row: Server) -> ServerOut:
    """A mail node."""
    from mailstead.control.feed import queries as feed

    head = feed.head(row.name)
    return ServerOut(
        id=row.pk,
        name=row.name,
        hostname=row.hostname,
        revision=head.revision if head else 0,
        applied=head.acked if head else 0,
        applied_at=head.acked_at if head else None,
        last_seen=head.last_seen if head else None,
        failure=head.failed_words if head else "",
    )
