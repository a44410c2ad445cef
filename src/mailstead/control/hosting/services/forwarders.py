"""Forwarders: where mail to an address goes besides, or instead of, a mailbox."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Destination, Domain, Forwarder
from mailstead.control.hosting.queries.loops import refuse_loops_of_address
from mailstead.control.hosting.services.common import commit, facts, living, locked, no_alias
from mailstead.control.hosting.services.routes import checked_route
from mailstead.control.people.actor import Actor
from mailstead.standards.address import forwarder_address
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import ForwarderGone, Route


@transaction.atomic
def set_forwarder(
    *,
    actor: Actor,
    now: dt.datetime,
    domain: Domain,
    address: str,
    route: Route,
    keep_copy: bool = False,
    new: bool = False,
) -> Forwarder:
    """Make or change the forwarder at an address; with `new` refuse to change one.

    With `keep_copy` a mailbox of the same address receives too.
    """
    checked = forwarder_address(address)
    if checked.domain != no_alias(domain).name:
        raise Refusal(
            "address-invalid", "{checked} is not in {name}.", checked=checked, name=domain.name
        )
    clean = checked_route(route)
    if str(checked) in (destination.lower() for destination in clean.destinations):
        raise Refusal(
            "forward-to-itself",
            "{checked} cannot forward to itself.",
            remedy="Use 'keep a copy' to let the mailbox receive too.",
            checked=checked,
        )
    found = Forwarder.objects.filter(domain=domain, local=checked.local).first()
    if found and new:
        raise Refusal(
            "forwarder-exists",
            "There is a forwarder at {checked} already.",
            remedy="Change it with 'forwarder set'.",
            checked=checked,
        )
    before = facts(found) if found else None
    forwarder = found or Forwarder(domain=domain, local=checked.local)
    forwarder.action, forwarder.text = clean.action, clean.text
    forwarder.keep_copy = keep_copy
    forwarder.save()
    forwarder.destinations.all().delete()
    Destination.objects.bulk_create(
        Destination(forwarder=forwarder, address=text, domain=text.rpartition("@")[2])
        for text in clean.destinations
    )
    refuse_loops_of_address(forwarder.address)
    commit(
        actor=actor,
        now=now,
        verb="update" if found else "create",
        row=forwarder,
        label=forwarder.address,
        before=before,
        changes=[messages.forwarder_put(forwarder)],
        server=domain.server,
    )
    return forwarder


@transaction.atomic
def remove_forwarder(*, actor: Actor, now: dt.datetime, forwarder: Forwarder) -> None:
    """The forwarder ends; a mailbox of the same address receives again."""
    domain = living(forwarder.domain)
    locked(forwarder)
    forwarder.domain = domain
    before = facts(forwarder)
    address, number = forwarder.address, forwarder.pk
    forwarder.delete()
    forwarder.pk = number
    refuse_loops_of_address(address)
    commit(
        actor=actor,
        now=now,
        verb="remove",
        row=forwarder,
        label=address,
        before=before,
        changes=[ForwarderGone(address=address)],
        server=domain.server,
        gone=True,
    )
