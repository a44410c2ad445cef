"""Finding and listing; every question starts from the actor."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeVar

import msgspec
from django.conf import settings
from django.db.models import Model, Q, QuerySet, Value
from django.db.models.functions import Concat

from mailstead.control.hosting.models import (
    Autoresponder,
    Customer,
    Domain,
    Forwarder,
    Mailbox,
    Server,
)
from mailstead.control.hosting.queries.dkim import dkim_records
from mailstead.control.hosting.queries.scope import (
    of_addresses,
    of_customers,
    of_domains,
    of_mailboxes,
)
from mailstead.control.people.actor import Actor
from mailstead.standards.address import forwarder_address, normalise_domain
from mailstead.standards.refusal import Refusal, Term
from mailstead.wire.changes import Route

M = TypeVar("M", bound=Model)


def servers(actor: Actor, *, search: str = "") -> QuerySet[Server]:
    """Servers by name; the company's own matter."""
    rows = Server.objects.all() if actor.sees_everything else Server.objects.none()
    return rows.filter(name__icontains=search).order_by("pk") if search else rows.order_by("pk")


def customers(actor: Actor, *, search: str = "") -> QuerySet[Customer]:
    """Customers in the order in which they were made."""
    rows = Customer.objects.filter(of_customers(actor)).order_by("pk")
    rows = rows.select_related("reseller", "package")
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(email__icontains=search))
    return rows


def domains(
    actor: Actor, *, search: str = "", customer: Customer | None = None, removed: bool = False
) -> QuerySet[Domain]:
    """Domains; `removed` gives those within their grace period instead of the living."""
    rows = Domain.objects.filter(of_domains(actor), removed_at__isnull=not removed)
    if customer is not None:
        rows = rows.filter(customer=customer)
    if search:
        rows = rows.filter(name__icontains=search)
    return rows.select_related("customer__reseller", "server", "alias_of").order_by("pk")


def mailboxes(
    actor: Actor, *, search: str = "", domain: Domain | None = None, removed: bool = False
) -> QuerySet[Mailbox]:
    """Mailboxes; `search` looks in the whole address."""
    rows = Mailbox.objects.filter(of_mailboxes(actor), removed_at__isnull=not removed)
    if domain is not None:
        rows = rows.filter(domain=domain)
    if search:
        rows = rows.annotate(full=Concat("local", Value("@"), "domain__name")).filter(
            full__icontains=search
        )
    return rows.select_related("domain__customer", "domain__server").order_by("pk")


def grace() -> dt.timedelta:
    """For how long a removed domain or mailbox can be restored."""
    return dt.timedelta(days=settings.MAILSTEAD.storage.grace_days)


def forwarders(
    actor: Actor, *, search: str = "", domain: Domain | None = None
) -> QuerySet[Forwarder]:
    """Forwarders of living domains."""
    rows = of_addresses(Forwarder.objects.filter(domain__removed_at=None), actor)
    if domain is not None:
        rows = rows.filter(domain=domain)
    if search:
        rows = rows.annotate(full=Concat("local", Value("@"), "domain__name")).filter(
            Q(full__icontains=search) | Q(destinations__address__icontains=search)
        )
    rows = rows.select_related("domain__server", "domain__customer")
    return rows.prefetch_related("destinations").distinct().order_by("pk")


def autoresponders(
    actor: Actor, *, search: str = "", domain: Domain | None = None
) -> QuerySet[Autoresponder]:
    """Autoresponders of living domains."""
    rows = of_addresses(Autoresponder.objects.filter(domain__removed_at=None), actor)
    if domain is not None:
        rows = rows.filter(domain=domain)
    if search:
        rows = rows.filter(Q(local__icontains=search) | Q(domain__name__icontains=search))
    return rows.select_related("domain__server").order_by("pk")


def _one(rows: QuerySet[M], what: str, name: str) -> M:
    found = rows.first()
    if found is None:
        raise Refusal(
            f"{what.replace(' ', '-')}-unknown",
            "There is no {what} {name}.",
            remedy="List them: {command} list.",
            what=Term(what),
            name=name,
            command=what,
        )
    return found


def server_named(actor: Actor, name: str) -> Server:
    """The server of that name; raises `Refusal` (`server-unknown`)."""
    return _one(servers(actor).filter(name=name.strip().lower()), "server", ascii(name))


def customer_named(actor: Actor, name: str) -> Customer:
    """The customer of that name, capitals aside; raises `Refusal` (`customer-unknown`)."""
    return _one(customers(actor).filter(name__iexact=name.strip()), "customer", ascii(name))


def customer_numbered(actor: Actor, number: int) -> Customer:
    """The customer of that number; raises `Refusal` (`customer-unknown`)."""
    return _one(customers(actor).filter(pk=number), "customer", str(number))


def domain_named(actor: Actor, name: str, *, removed: bool = False) -> Domain:
    """The domain of that name or number, the last removed one with `removed`; raises `Refusal`."""
    if name.isascii() and name.isdigit() and len(name) < 19:
        return _one(domains(actor, removed=removed).filter(pk=int(name)), "domain", name)
    bare = normalise_domain(name)
    # Several may claim a name; who has proved it is meant first.
    rows = domains(actor, removed=removed).filter(name=bare).order_by("-proven", "-pk")
    return _one(rows, "removed domain" if removed else "domain", bare)


def mailbox_named(actor: Actor, address: str, *, removed: bool = False) -> Mailbox:
    """The mailbox of that address, the last removed one with `removed`; raises `Refusal`."""
    checked = forwarder_address(address)
    rows = mailboxes(actor, removed=removed).filter(
        local=checked.local, domain__name=checked.domain
    )
    return _one(
        rows.order_by("-domain__proven", "-pk"),
        "removed mailbox" if removed else "mailbox",
        str(checked),
    )


def forwarder_named(actor: Actor, address: str) -> Forwarder:
    """The forwarder at that address; raises `Refusal`."""
    checked = forwarder_address(address)
    rows = forwarders(actor).filter(local=checked.local, domain__name=checked.domain)
    return _one(rows.order_by("-domain__proven", "-pk"), "forwarder", str(checked))


def route_of(forwarder: Forwarder) -> Route:
    """Where a forwarder sends mail, its destinations in their order."""
    destinations = sorted(forwarder.destinations.all(), key=lambda row: row.pk)
    return msgspec.convert(
        {
            "action": forwarder.action,
            "destinations": [row.address for row in destinations],
            "text": forwarder.text,
        },
        Route,
    )


def autoresponder_named(actor: Actor, address: str) -> Autoresponder:
    """The autoresponder at that address; raises `Refusal`."""
    checked = forwarder_address(address)
    rows = autoresponders(actor).filter(local=checked.local, domain__name=checked.domain)
    return _one(rows.order_by("-domain__proven", "-pk"), "autoresponder", str(checked))


def answer_state(
    answer: Autoresponder | None, now: dt.datetime
) -> Literal["none", "later", "on", "off"]:
    """Whether it answers now: `later` its time is still to come, `off` it is over."""
    if answer is None:
        return "none"
    if answer.ends is not None and answer.ends <= now:
        return "off"
    return "later" if answer.starts is not None and answer.starts > now else "on"


def dmarc_box(domain: Domain) -> str:
    """Where receivers send their DMARC reports about a domain."""
    return f"{settings.MAILSTEAD.reports.dmarc}@{domain.server.hostname}"


def dns_records(domain: Domain) -> list[tuple[str, str, str]]:
    """The records that the owner publishes: name, type, value."""
    records = [
        *proof_records(domain),
        (domain.name, "MX", f"10 {domain.server.hostname}."),
        (domain.name, "TXT", f"v=spf1 mx a:{domain.server.hostname} ~all"),
        (f"_dmarc.{domain.name}", "TXT", f"v=DMARC1; p=none; rua=mailto:{dmarc_box(domain)}"),
    ]
    return records + dkim_records(domain)


def proof_records(domain: Domain) -> list[tuple[str, str, str]]:
    """What shows that a domain belongs to its customer; nothing once it is shown."""
    if domain.proven:
        return []
    return [(f"_mailstead.{domain.name}", "TXT", f"mailstead-domain={domain.proof_token}")]
