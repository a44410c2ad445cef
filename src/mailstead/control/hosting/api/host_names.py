"""A domain's own host names, and all certificates of the company."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import Named, domain_in
from mailstead.control.hosting.models import Certificate, Domain
from mailstead.control.hosting.queries import NamedHost
from mailstead.control.people.actor import Actor
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Page, Turn, paged
from mailstead.control.people.api.schemas import In

router = Router(tags=["Host names"])
Purpose = Literal["mail", "webmail", "mta-sts", "autoconfig"]
State = Literal["waiting", "elsewhere", "refused", "failed", "valid", "expiring", "off"]
HostOf = Path[Annotated[str, Field(min_length=1, max_length=253)]]


class HostNameOut(Schema):
    """A name of the customer's own for the server."""

    name: str
    purpose: Purpose
    target: str = Field(description="Where the name must lead, as a CNAME record.")
    state: State = Field(description="`elsewhere`: it does not point here yet.")
    words: str = Field(description="What is wrong, as the server saw it; empty: nothing.")
    not_after: dt.datetime | None = Field(description="End of its certificate; null: none yet.")
    next_try: dt.datetime | None


class HostNameNew(In):
    """A new one."""

    name: str = Field(min_length=1, max_length=253)
    purpose: Purpose = "mail"


class CertificateOut(Schema):
    """The certificate of one name at one server."""

    name: str
    server: str
    node: bool = Field(description="A name of the server itself.")
    state: State
    words: str
    since: dt.datetime
    not_after: dt.datetime | None
    next_try: dt.datetime | None


class CertificateFind(Turn):
    """Which certificates."""

    q: str = Field("", max_length=253, description="Part of a host name.")
    troubled: bool = Field(False, description="Only those with which something is wrong.")


def _out(domain: Domain, one: NamedHost) -> HostNameOut:
    certificate = one.certificate
    return HostNameOut(
        name=one.host_name.name,
        purpose=one.host_name.purpose,  # type: ignore[arg-type]
        target=domain.server.hostname,
        state=one.state,  # type: ignore[arg-type]
        words=certificate.words if certificate else "",
        not_after=certificate.not_after if certificate else None,
        next_try=certificate.next_try if certificate else None,
    )


def _shown(actor: Actor, domain: Domain, name: str) -> HostNameOut:
    rows = queries.host_names(actor, domain)
    return next(_out(domain, one) for one in rows if one.host_name.name == name)


@router.get(
    "/domains/{domain}/host-names",
    response=list[HostNameOut],
    summary="List a domain's own host names",
)
@operation("host-name.view")
def list_host_names(request: HttpRequest, domain: Named) -> list[HostNameOut]:
    """Twenty at most."""
    actor, found = domain_in(request, domain)
    return [_out(found, one) for one in queries.host_names(actor, found)]


@router.post("/domains/{domain}/host-names", response={201: HostNameOut}, summary="Add a host name")
@operation("host-name.create")
def create_host_name(request: HttpRequest, domain: Named, body: HostNameNew) -> Status[HostNameOut]:
    """It gets a certificate as soon as it points to the server."""
    actor, found = domain_in(request, domain)
    made = services.add_host_name(
        actor=actor, now=timezone.now(), domain=found, name=body.name, purpose=body.purpose
    )
    return Status(201, _shown(actor, found, made.name))


@router.post(
    "/domains/{domain}/host-names/{host}/retry",
    response=HostNameOut,
    summary="Try a host name's certificate now",
)
@operation("host-name.retry")
def retry_host_name(request: HttpRequest, domain: Named, host: HostOf) -> HostNameOut:
    """Otherwise it is tried again by itself; every two minutes at most."""
    actor, found = domain_in(request, domain)
    row = queries.host_name_named(actor, found, host)
    services.retry_host_name(actor=actor, now=timezone.now(), host_name=row)
    return _shown(actor, found, row.name)


@router.delete(
    "/domains/{domain}/host-names/{host}", response={204: None}, summary="Remove a host name"
)
@operation("host-name.remove")
def remove_host_name(request: HttpRequest, domain: Named, host: HostOf) -> Status[None]:
    """It is served with the server's own certificate again."""
    actor, found = domain_in(request, domain)
    row = queries.host_name_named(actor, found, host)
    services.remove_host_name(actor=actor, now=timezone.now(), host_name=row)
    return Status(204, None)


@router.get("/certificates", response=Page[CertificateOut], summary="List all certificates")
@operation("certificate.view")
def list_certificates(request: HttpRequest, find: Query[CertificateFind]) -> object:
    """For the company: those of its servers' names and those of customers' host names."""
    rows = queries.certificates(caller(request), search=find.q, troubled=find.troubled)
    return paged(rows, find, _certificate_out)


def _certificate_out(row: Certificate) -> CertificateOut:
    return CertificateOut(
        name=row.name,
        server=row.server.name,
        node=row.node,
        state=row.state,  # type: ignore[arg-type]
        words=row.words,
        since=row.since,
        not_after=row.not_after,
        next_try=row.next_try,
    )
