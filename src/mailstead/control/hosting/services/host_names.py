"""Customers' own names for the node, and what nodes tell of the certificates for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Brand, Certificate, Domain, HostName, Server
from mailstead.control.hosting.services.certificate_alarms import tell_alarm
from mailstead.control.hosting.services.common import commit, facts, living, locked
from mailstead.control.people.actor import Actor
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import HostNameGone
from mailstead.wire.events import AnyEvent, CertificateSeen

PURPOSES = ("mail", "webmail", "mta-sts", "autoconfig")
FIXED = ("mta-sts", "autoconfig")
"""Mail programs and servers ask for these names alone (RFC 8461, 3.2)."""
MOST = 20
"""Names of one domain: each is an order at the authority, which counts them."""
AGAIN = dt.timedelta(seconds=30)
"""Between two wishes to have a certificate tried at once."""


@transaction.atomic
def add_host_name(
    *, actor: Actor, now: dt.datetime, domain: Domain, name: str, purpose: str = "mail"
) -> HostName:
    """A name in the domain that shall lead to its node; raises `Refusal`."""
    living(domain)
    bare = _checked(domain, name, purpose)
    # Left by a domain of that name that is removed: who has it now decides.
    HostName.objects.filter(name=bare).exclude(domain__removed_at=None).delete()
    if HostName.objects.filter(name=bare).exists():
        raise Refusal("host-name-exists", "The host name {name} exists already.", name=bare)
    if domain.host_names.count() >= MOST:
        raise Refusal(
            "host-names-many",
            "A domain may have {most} host names.",
            remedy="Remove one that is not needed.",
            most=MOST,
        )
    made = HostName.objects.create(domain=domain, name=bare, purpose=purpose)
    commit(
        actor=actor,
        now=now,
        verb="create",
        row=made,
        label=bare,
        before=None,
        changes=[messages.host_name_put(made)],
        server=domain.server,
    )
    return made


def _checked(domain: Domain, name: str, purpose: str) -> str:
    """The name in its one form; raises `Refusal` unless it lies in the domain and nowhere else."""
    if purpose not in PURPOSES:
        raise Refusal(
            "purpose-invalid",
            "A host name is for one of {purposes}.",
            remedy="Choose one of them.",
            purposes=", ".join(PURPOSES),
        )
    bare = normalise_domain(name)
    above = bare.split(".")
    # Subdomains may be hosted for somebody else: the nearest hosted domain owns the name.
    parents = [".".join(above[start:]) for start in range(len(above) - 1)]
    hosted = Domain.objects.filter(name__in=parents, removed_at=None)
    nearest = max(hosted.values_list("name", flat=True), key=len, default="")
    if not bare.endswith(f".{domain.name}") or nearest != domain.name:
        raise Refusal(
            "host-name-outside",
            "{name} is not a name in {domain}.",
            remedy="Choose a name that ends with .{domain}.",
            name=bare,
            domain=domain.name,
        )
    if purpose in FIXED and bare != f"{purpose}.{domain.name}":
        raise Refusal(
            "host-name-fixed",
            "For this purpose the name must be {name}.",
            name=f"{purpose}.{domain.name}",
        )
    if is_ours(bare):
        raise Refusal("host-name-ours", "{name} is a name of the company itself.", name=bare)
    return bare


def is_ours(name: str) -> bool:
    """Whether a server or the panel has the name, whoever hosts the domain above it."""
    taken = set(Server.objects.values_list("hostname", flat=True))
    for names in Brand.objects.values_list("hostnames", flat=True):
        taken.update(names)
    return name in taken or name in settings.ALLOWED_HOSTS


@transaction.atomic
def remove_host_name(*, actor: Actor, now: dt.datetime, host_name: HostName) -> None:
    """It is served with the node's own certificate again."""
    locked(host_name)
    domain, label, before = host_name.domain, host_name.name, facts(host_name)
    number = host_name.pk
    host_name.delete()
    host_name.pk = number
    Certificate.objects.filter(server=domain.server, name=label, node=False).delete()
    commit(
        actor=actor,
        now=now,
        verb="remove",
        row=host_name,
        label=label,
        before=before,
        changes=[HostNameGone(name=label)],
        server=domain.server,
        gone=True,
    )


@transaction.atomic
def retry_host_name(*, actor: Actor, now: dt.datetime, host_name: HostName) -> None:
    """Let the node try at once to get a certificate, or a new one."""
    locked(host_name)
    domain = living(host_name.domain)
    if host_name.asked_at is not None and now - host_name.asked_at < AGAIN:
        raise Refusal(
            "host-name-asked",
            "It was asked for a moment ago.",
            remedy="Wait half a minute: authorities count how often they are asked.",
            permanent=False,
        )
    before = facts(host_name)
    host_name.asked_at = now
    host_name.save()
    commit(
        actor=actor,
        now=now,
        verb="retry",
        row=host_name,
        label=host_name.name,
        before=before,
        changes=[messages.host_name_put(host_name)],
        server=domain.server,
    )


def record_certificates(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Keep how it stands with each certificate; inside the transaction that records the events."""
    seen = [event for event in events if isinstance(event, CertificateSeen)]
    if not seen:
        return
    where = Server.objects.filter(name=server).first()
    if where is None:
        return
    for event in seen:
        row = Certificate.objects.filter(server=where, name=event.name).first()
        if row is None:
            if not event.node and not _is_hosted(where, event.name):
                # It was removed in the meantime.
                continue
            row = Certificate(server=where, name=event.name)
        if row.state != event.state:
            row.since = event.at
        row.node, row.state, row.words = event.node, event.state, event.words[:1000]
        row.not_after, row.next_try = event.not_after, event.next_try
        before, row.alarm = row.alarm, event.alarm
        row.save()
        tell_alarm(row, before, now)


def _is_hosted(server: Server, name: str) -> bool:
    rows = HostName.objects.filter(name=name, domain__removed_at=None)
    return rows.filter(Q(domain__server=server) | Q(domain__second=server)).exists()
