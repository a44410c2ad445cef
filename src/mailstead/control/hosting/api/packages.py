"""Packages, and the brand of a reseller."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import customer_in
from mailstead.control.hosting.models import Brand, Package
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turn, paged
from mailstead.control.people.api.schemas import In, Limit, Size, Text

router = Router(tags=["Packages and brands"])


class PackageOut(Schema):
    """Limits under a name."""

    id: int
    owner: int | None = Field(description="The reseller whose it is; null: the company's.")
    name: str
    quota: int = Field(description="Bytes; 0: no limit.")
    mailbox_limit: int | None
    domain_limit: int | None


class PackageIn(In):
    """The whole package."""

    name: str = Field(min_length=1, max_length=80)
    quota: Size = 0
    mailbox_limit: Limit | None = None
    domain_limit: Limit | None = None


class PackageFind(Turn):
    """Which packages."""

    q: str = Field("", max_length=80, description="Only what contains this text.")


class Applied(Schema):
    """How many customers were changed."""

    changed: int


class BrandOut(Schema):
    """How the panel looks to a reseller's customers."""

    name: str
    accent: str = Field(description="`#rrggbb`; empty: the house's own.")
    hostnames: list[str]
    support_email: str
    has_logo: bool


class BrandIn(In):
    """The whole brand; the logo is set in the panel and stays."""

    name: str = Field(min_length=1, max_length=60)
    accent: str = Field("", max_length=7)
    hostnames: list[Text] = Field(default=[], max_length=20)
    support_email: str = Field("", max_length=254)


def _package(row: Package) -> PackageOut:
    return PackageOut(
        id=row.pk,
        owner=row.owner_id,
        name=row.name,
        quota=row.quota,
        mailbox_limit=row.mailbox_limit,
        domain_limit=row.domain_limit,
    )


@router.get("/packages", response=Page[PackageOut], summary="List packages")
@operation("package.view")
def list_packages(request: HttpRequest, find: Query[PackageFind]) -> object:
    """A reseller's own; the company sees all."""
    return paged(queries.packages(caller(request), search=find.q), find, _package)


@router.post("/packages", response={201: PackageOut}, summary="Make a package")
@operation("package.create")
def create_package(request: HttpRequest, body: PackageIn) -> Status[PackageOut]:
    """Limits to give to customers."""
    made = services.create_package(actor=caller(request), now=timezone.now(), **body.model_dump())
    return Status(201, _package(made))


@router.get("/packages/{number}", response=PackageOut, summary="Show a package")
@operation("package.view")
def show_package(request: HttpRequest, number: Path[Number]) -> PackageOut:
    """One of them."""
    return _package(queries.package_numbered(caller(request), number))


@router.put("/packages/{number}", response=PackageOut, summary="Change a package")
@operation("package.update")
def change_package(request: HttpRequest, number: Path[Number], body: PackageIn) -> PackageOut:
    """The whole of it; customers keep their limits until it is applied to them."""
    actor = caller(request)
    found = queries.package_numbered(actor, number)
    services.update_package(actor=actor, now=timezone.now(), package=found, **body.model_dump())
    return _package(found)


@router.post("/packages/{number}/apply", response=Applied, summary="Apply a package")
@operation("package.update")
def apply_package(request: HttpRequest, number: Path[Number]) -> Applied:
    """Give its limits to all customers who have it."""
    actor = caller(request)
    found = queries.package_numbered(actor, number)
    changed = services.apply_package(actor=actor, now=timezone.now(), package=found)
    return Applied(changed=changed)


@router.delete("/packages/{number}", response={204: None}, summary="Remove a package")
@operation("package.remove")
def remove_package(request: HttpRequest, number: Path[Number]) -> Status[None]:
    """Customers keep the limits that it gave them."""
    actor = caller(request)
    found = queries.package_numbered(actor, number)
    services.remove_package(actor=actor, now=timezone.now(), package=found)
    return Status(204, None)


def _brand(row: Brand | None) -> BrandOut:
    return BrandOut(
        name=row.name if row else "",
        accent=row.accent if row else "",
        hostnames=row.hostnames if row else [],
        support_email=row.support_email if row else "",
        has_logo=bool(row and row.logo_type),
    )


@router.get("/customers/{number}/brand", response=BrandOut, summary="Show a brand")
@operation("brand.view")
def show_brand(request: HttpRequest, number: Path[Number]) -> BrandOut:
    """How the panel looks to this reseller's customers; empty: the house's own."""
    return _brand(queries.brand_of(customer_in(request, number)[1]))


@router.put("/customers/{number}/brand", response=BrandOut, summary="Set a brand")
@operation("brand.set")
def set_brand(request: HttpRequest, number: Path[Number], body: BrandIn) -> BrandOut:
    """Name, colour, host names, address for questions."""
    actor, found = customer_in(request, number)
    row = services.set_brand(actor=actor, now=timezone.now(), customer=found, **body.model_dump())
    return _brand(row)
