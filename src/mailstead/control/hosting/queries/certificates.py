"""Customers' own host names and how it stands with every certificate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, IntegerField, QuerySet, Value, When

from mailstead.control.hosting.models import Certificate, Domain, HostName
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

SOON = dt.timedelta(days=21)
"""A certificate that ends within this time should have been renewed."""


@dataclass(frozen=True)
class NamedHost:
    """A host name with its certificate, as far as its node has told of one."""

    host_name: HostName
    certificate: Certificate | None

    @property
    def state(self) -> str:
        """As `wire.events.CertificateState`; `waiting` while the node has told nothing."""
        return self.certificate.state if self.certificate else "waiting"


def host_names(actor: Actor, domain: Domain) -> list[NamedHost]:
    """The domain's host names, which the actor sees who has got the domain."""
    roles.require(actor, "host-name.view")
    rows = list(domain.host_names.order_by("name"))
    found = Certificate.objects.filter(
        server=domain.server, name__in=[row.name for row in rows], node=False
    )
    by_name = {certificate.name: certificate for certificate in found}
    return [NamedHost(row, by_name.get(row.name)) for row in rows]


def host_name_named(actor: Actor, domain: Domain, name: str) -> HostName:
    """One of them; raises `Refusal` (`host-name-unknown`)."""
    roles.require(actor, "host-name.view")
    rows = HostName.objects.select_related("domain__customer", "domain__server")
    found = rows.filter(domain=domain, name=name.strip().rstrip(".").lower()).first()
    if found is None:
        raise Refusal(
            "host-name-unknown", "There is no such host name here.", remedy="List what there is."
        )
    return found


def certificates(
    actor: Actor, *, search: str = "", troubled: bool = False
) -> QuerySet[Certificate]:
    """All certificates of the company, what is wrong first."""
    roles.require(actor, "certificate.view")
    rows = Certificate.objects.select_related("server")
    if search:
        rows = rows.filter(name__icontains=search)
    if troubled:
        rows = rows.exclude(state__in=("valid", "off"))
    urgency = Case(
        When(state="expiring", then=Value(0)),
        When(state__in=("failed", "refused"), then=Value(1)),
        When(state="elsewhere", then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return rows.annotate(urgency=urgency).order_by("urgency", "not_after", "name")
