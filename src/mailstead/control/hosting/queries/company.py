"""What operator, staff and resellers ask: packages, brands, and how much customers have and use."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from mailstead.control.hosting.models import Brand, Customer, Domain, Mailbox, Package
from mailstead.control.hosting.queries.scope import of_customers
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal


def packages(actor: Actor, *, search: str = "") -> QuerySet[Package]:
    """A reseller's own packages; the company sees all."""
    rows = Package.objects.select_related("owner").order_by("name")
    if actor.kind == "reseller":
        rows = rows.filter(owner=actor.customer)
    elif not actor.sees_everything:
        return rows.none()
    return rows.filter(name__icontains=search) if search else rows


def package_numbered(actor: Actor, number: int) -> Package:
    """One package; raises `Refusal` (`package-unknown`)."""
    found = packages(actor).filter(pk=number).first()
    if found is None:
        raise Refusal("package-unknown", "There is no such package.")
    return found


def packages_for(actor: Actor, customer: Customer | None) -> QuerySet[Package]:
    """The packages that a customer can be given; None: a customer who is about to be made."""
    if customer is not None:
        owner = customer.reseller_id
    else:
        owner = actor.customer if actor.kind == "reseller" else None
    return packages(actor).filter(owner=owner)


def resellers(actor: Actor) -> QuerySet[Customer]:
    """The resellers whom the actor sees, with their brands."""
    rows = Customer.objects.filter(of_customers(actor), is_reseller=True)
    return rows.select_related("brand").defer("brand__logo").order_by("name")


def brand_of(customer: Customer) -> Brand | None:
    """The brand of a customer that was fetched through the actor."""
    return Brand.objects.filter(customer=customer).first()


def public_brand(number: int) -> Brand:
    """A brand as everybody may see it; raises `Refusal` (`brand-unknown`)."""
    found = Brand.objects.filter(pk=number).first()
    if found is None:
        raise Refusal("brand-unknown", "There is no such brand.")
    return found


@dataclass
class Figures:
    """What a customer has: the own domains and mailboxes, and the bytes in use."""

    domains: int = 0
    mailboxes: int = 0
    used: int = 0


def figures(numbers: Collection[int]) -> dict[int, Figures]:
    """What each of these customers has, in two questions however many they are."""
    found = {number: Figures() for number in numbers}
    domains = Domain.objects.filter(customer__in=numbers, removed_at=None).order_by()
    for row in domains.values("customer").annotate(n=Count("pk")):
        found[row["customer"]].domains = row["n"]
    boxes = Mailbox.objects.filter(domain__customer__in=numbers, removed_at=None).order_by()
    sums = boxes.values("domain__customer").annotate(n=Count("pk"), used=Sum("usage_bytes"))
    for number, n, used in sums.values_list("domain__customer", "n", "used"):
        found[number].mailboxes, found[number].used = n, int(used or 0)
    return found


def with_figures(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """The same as columns, `held_domains`, `held_mailboxes`, `held_bytes`: for whole lists."""
    domains = Domain.objects.filter(customer=OuterRef("pk"), removed_at=None).order_by()
    boxes = Mailbox.objects.filter(domain__customer=OuterRef("pk"), removed_at=None).order_by()
    whole = boxes.values("domain__customer")

    def one(query: QuerySet[Any, Any]) -> Coalesce:
        return Coalesce(Subquery(query), 0, output_field=BigIntegerField())

    return rows.annotate(
        held_domains=one(domains.values("customer").annotate(n=Count("pk")).values("n")),
        held_mailboxes=one(whole.annotate(n=Count("pk")).values("n")),
        held_bytes=one(whole.annotate(n=Sum("usage_bytes")).values("n")),
    )


def figures_with_customers(customer: Customer) -> Figures:
    """What a customer and, of a reseller, its customers have together."""
    whose = Q(customer=customer) | Q(customer__reseller=customer)
    below = Q(domain__customer=customer) | Q(domain__customer__reseller=customer)
    boxes = Mailbox.objects.filter(below, removed_at=None)
    sums = boxes.aggregate(n=Count("pk"), used=Sum("usage_bytes"))
    return Figures(
        domains=Domain.objects.filter(whose, removed_at=None).count(),
        mailboxes=sums["n"],
        used=int(sums["used"] or 0),
    )


@dataclass(frozen=True)
class Sold:
    """What a reseller has given to its customers by their limits."""

    customers: int
    storage: int
    """Bytes; customers without a limit are not in it."""
    unlimited: int
    """Customers whose storage has no limit."""


def sold_by(customer: Customer) -> Sold:
    """What a reseller has given away."""
    sums = Customer.objects.filter(reseller=customer).aggregate(
        n=Count("pk"), storage=Sum("quota"), unlimited=Count("pk", filter=Q(quota=0))
    )
    return Sold(sums["n"], int(sums["storage"] or 0), sums["unlimited"])


@dataclass(frozen=True)
class AtLimit:
    """A customer whom a limit stops."""

    number: int
    name: str
    what: str
    """`storage`, `mailboxes` or `domains`."""


def at_their_limits(actor: Actor, most: int = 10) -> list[AtLimit]:
    """Customers who cannot have more of something; a limit of 0 is meant so and not listed."""
    seen = Customer.objects.filter(of_customers(actor), suspended=False).order_by("name")
    found = [
        AtLimit(number, name, "storage")
        for number, name in seen.filter(pool_full=True).values_list("pk", "name")[:most]
    ]
    for what, way in (("mailbox", "domains__mailboxes"), ("domain", "domains")):
        living = Q(**{f"{way}__removed_at": None})
        rows = seen.filter(**{f"{what}_limit__gt": 0}).annotate(
            held=Count(way, filter=living, distinct=True)
        )
        full = rows.filter(held__gte=F(f"{what}_limit")).values_list("pk", "name")[:most]
        plural = "mailboxes" if what == "mailbox" else "domains"
        found += [AtLimit(number, name, plural) for number, name in full]
    return found[:most]
