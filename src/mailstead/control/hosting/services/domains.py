"""Domains: life, suspension, catch-all, domain forwarder, domain alias."""

from __future__ import annotations

import datetime as dt
from ipaddress import ip_address
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Customer, Domain, Server
from mailstead.control.hosting.queries import sending
from mailstead.control.hosting.queries.loops import refuse_loops_of_domain
from mailstead.control.hosting.services.common import (
    checked_text,
    commit,
    facts,
    living,
    locked,
    no_alias,
    permit,
    refuse_higher,
)
from mailstead.control.hosting.services.dkim import new_key
from mailstead.control.hosting.services.limits import refuse_over_limit
from mailstead.control.hosting.services.proof import claim
from mailstead.control.hosting.services.routes import checked_route
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange, DomainGone, Route


@transaction.atomic
def create_domain(
    *,
    actor: Actor,
    now: dt.datetime,
    name: str,
    customer: Customer,
    server: Server | None = None,
    dkim: bool = True,
) -> Domain:
    """A new domain; `dkim` makes its key at once, which signs when it is seen in the DNS.

    Without a `server` it goes to the one with the fewest domains. Who is not the company proves
    first whose it is (`proof`).
    """
    if server is None:
        server = Server.objects.annotate(held=Count("domains")).order_by("held", "pk").first()
        if server is None:
            raise Refusal("server-missing", "There is no server yet.", remedy="Add one first.")
    refuse_over_limit(customer, 1, "domain")
    domain = claim(actor, customer, normalise_domain(name))
    domain.server, domain.created_at = server, now
    domain.save()
    changes: list[AnyChange] = [
        messages.domain_put(domain),
        messages.sending_put(domain, sending.house()),
    ]
    if dkim:
        new_key(domain, now)
    refuse_loops_of_domain(domain)
    _commit(actor, now, "create", domain, None, changes)
    return domain


def _commit(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    domain: Domain,
    before: dict[str, object] | None,
    changes: list[AnyChange] | None = None,
    reason: str = "",
) -> None:
    commit(
        actor=actor,
        now=now,
        verb=verb,
        row=domain,
        label=domain.name,
        before=before,
        changes=[messages.domain_put(domain)] if changes is None else changes,
        server=domain.server,
        reason=reason,
    )


@transaction.atomic
def set_catch_all(*, actor: Actor, now: dt.datetime, domain: Domain, route: Route | None) -> None:
    """What happens to local parts that nobody knows; None refuses them in the house's words."""
    before = facts(no_alias(domain))
    checked = checked_route(route) if route else None
    domain.catch_all_action = checked.action if checked else ""
    domain.catch_all_destinations = list(checked.destinations) if checked else []
    domain.catch_all_text = checked.text if checked else ""
    domain.save()
    refuse_loops_of_domain(domain)
    _commit(actor, now, "set-catch-all", domain, before)


@transaction.atomic
def set_domain_forwarder(
    *, actor: Actor, now: dt.datetime, domain: Domain, target: str | None
) -> None:
    """Send every local part that the domain does not define to the same at `target`."""
    before = facts(no_alias(domain))
    domain.forward_to = normalise_domain(target) if target else ""
    if domain.forward_to == domain.name:
        raise Refusal(
            "forward-to-itself",
            "{name} cannot forward to itself.",
            remedy="Name another domain.",
            name=domain.name,
        )
    domain.save()
    refuse_loops_of_domain(domain)
    _commit(actor, now, "set-forwarder", domain, before)


@transaction.atomic
def set_domain_relay(*, actor: Actor, now: dt.datetime, domain: Domain, relay_to: str) -> None:
    """Pass the domain's mail on to a host, or to where its DNS leads (`mx`); empty: deliver here.

    For the time of a move, and for domains whose mail is handled elsewhere. Raises `Refusal`.
    """
    before = facts(living(domain))
    domain.relay_to = checked_relay(relay_to)
    domain.save()
    _commit(actor, now, "set-relay", domain, before)


def checked_relay(text: str) -> str:
    """A host's name or network address, `mx`, or nothing; raises `Refusal`."""
    bare = text.strip().lower()
    if bare in ("", "mx"):
        return bare
    try:
        address = ip_address(bare.strip("[]"))
    except ValueError:
        return normalise_domain(bare)
    return f"ipv6:{address}" if address.version == 6 else str(address)


@transaction.atomic
def make_domain_alias(
    *, actor: Actor, now: dt.datetime, domain: Domain, target: Domain | None
) -> None:
    """Let the domain behave as `target`; None makes it a domain of its own again."""
    before = facts(living(domain))
    if target is not None:
        _refuse_alias(domain, living(target))
    domain.alias_of = target
    domain.save()
    refuse_loops_of_domain(domain)
    _commit(actor, now, "set-alias", domain, before)


def _refuse_alias(domain: Domain, target: Domain) -> None:
    words = ""
    if not target.proven:
        words = f"{target.name} is not active yet: it waits for the proof whose it is."
    elif target.pk == domain.pk:
        words = f"{domain.name} cannot be an alias of itself."
    elif target.alias_of_id is not None:
        words = f"{target.name} is an alias itself."
    elif domain.aliases.filter(removed_at=None).exists():
        words = f"Other domains are aliases of {domain.name}."
    elif target.server_id != domain.server_id:
        words = f"{target.name} is at home on another server."
    elif target.customer_id != domain.customer_id:
        words = f"{target.name} belongs to another customer."
    elif domain.forward_to or domain.catch_all_action:
        words = f"{domain.name} has a catch-all or a domain forwarder, which an alias cannot have."
    elif (
        domain.mailboxes.filter(removed_at=None).exists()
        or domain.forwarders.exists()
        or domain.autoresponders.exists()
    ):
        words = f"{domain.name} has own addresses, which an alias cannot have."
    if words:
        raise Refusal(
            "alias-invalid", words, remedy="Remove what stands in the way, or choose another."
        )


@transaction.atomic
def suspend_domain(*, actor: Actor, now: dt.datetime, domain: Domain, reason: str) -> None:
    """No log-in and no sending for its mailboxes; mail is still received."""
    before = facts(living(domain))
    if domain.suspended:
        refuse_higher(actor, domain.suspended_by)
    domain.suspended = True
    domain.suspended_reason = checked_text(reason, "reason", 300)
    domain.suspended_by = actor.kind
    domain.save()
    _commit(actor, now, "suspend", domain, before, reason=reason)


@transaction.atomic
def resume_domain(*, actor: Actor, now: dt.datetime, domain: Domain) -> None:
    """The suspension ends."""
    before = facts(living(domain))
    refuse_higher(actor, domain.suspended_by)
    domain.suspended = False
    domain.suspended_reason = ""
    domain.suspended_by = ""
    domain.save()
    _commit(actor, now, "resume", domain, before)


@transaction.atomic
def remove_domain(*, actor: Actor, now: dt.datetime, domain: Domain, grace: dt.timedelta) -> None:
    """Remove the domain and all in it; for `grace` it can be restored and keeps its mail."""
    before = facts(living(domain))
    alias = domain.aliases.filter(removed_at=None).first()
    if alias:
        raise Refusal(
            "domain-has-alias",
            "{name} is an alias of {name2}.",
            remedy="Remove {name} first, or end the alias.",
            name=alias.name,
            name2=domain.name,
        )
    domain.removed_at = now
    domain.purge_after = now + grace
    domain.save()
    domain.mailboxes.filter(removed_at=None).update(removed_at=now, purge_after=now + grace)
    _commit(actor, now, "remove", domain, before, [DomainGone(name=domain.name)])


@transaction.atomic
def restore_domain(*, actor: Actor, now: dt.datetime, domain: Domain) -> None:
    """Undo a removal: the domain and the mailboxes that were removed with it come back."""
    locked(domain)
    before = facts(domain)
    if domain.removed_at is None:
        raise Refusal("domain-not-removed", "The domain {name} is not removed.", name=domain.name)
    newer = Domain.objects.filter(name=domain.name, removed_at=None)
    if newer.filter(Q(proven=domain.proven) | Q(customer=domain.customer)).exists():
        raise Refusal(
            "domain-exists",
            "There is a new domain {name} by now.",
            remedy="Remove it first.",
            name=domain.name,
        )
    with_it = domain.mailboxes.filter(removed_at=domain.removed_at)
    refuse_over_limit(domain.customer, with_it.count())
    with_it.update(removed_at=None, purge_after=None)
    domain.removed_at = None
    domain.purge_after = None
    if domain.alias_of and domain.alias_of.removed_at is not None:
        domain.alias_of = None
    if domain.alias_of:
        _refuse_alias(domain, domain.alias_of)
    domain.save()
    refuse_loops_of_domain(domain)
    _commit(actor, now, "restore", domain, before, list(messages.domain_contents(domain)))


@transaction.atomic
def note_dns(
    *,
    actor: Actor,
    now: dt.datetime,
    domain: Domain,
    state: str,
    due: dt.datetime,
    before: dict[str, str] | None,
    after: dict[str, str],
) -> None:
    """Note how the domain's DNS stands; the trail tells records whose verdict has changed.

    At `due` it is looked at again. `before` None: it is the first look, which changes nothing. Who
    looked has not changed the DNS: the entry is the system's.
    """
    living(domain)
    owner = permit(actor, "dns.check", domain)
    domain.dns_state, domain.dns_checked_at, domain.dns_due_at = state, now, due
    domain.save(update_fields=["dns_state", "dns_checked_at", "dns_due_at"])
    if before is None or before == after:
        return
    changed = sorted(key for key in {**before, **after} if before.get(key) != after.get(key))
    people.record(
        actor=Actor.system(),
        verb="domain.dns-changed",
        kind="domain",
        label=domain.name,
        object_id=domain.pk,
        now=now,
        before={key: before[key] for key in changed if key in before},
        after={key: after[key] for key in changed if key in after},
        owner=owner,
    )


@transaction.atomic
def note_zone(
    *,
    actor: Actor,
    now: dt.datetime,
    domain: Domain,
    rule: str,
    verb: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """Write into the trail that the domain's zone was changed, who may not is refused.

    `before` and `after` hold the values of each record set that was changed.
    """
    living(domain)
    people.record(
        actor=actor,
        verb=verb,
        kind="domain",
        label=domain.name,
        object_id=domain.pk,
        now=now,
        before=before,
        after=after,
        owner=permit(actor, rule, domain),
    )


@transaction.atomic
def note_mta_sts(
    *, actor: Actor, now: dt.datetime, domain: Domain, before: str, after: str
) -> None:
    """Note that the domain's MTA-STS policy changes, and have its DNS looked at soon."""
    note_zone(
        actor=actor,
        now=now,
        domain=domain,
        rule="dns.set-mta-sts",
        verb="domain.set-mta-sts",
        before={"mta-sts": before},
        after={"mta-sts": after},
    )
    domain.dns_due_at = now
    domain.save(update_fields=["dns_due_at"])
