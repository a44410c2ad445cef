"""Planning a change of a zone at its DNS host, carrying it out, seeing it there, and back.

The token is an argument of each of these functions and lives no longer than the call: no row, no
entry of the trail and no log holds it (docs/decisions/0032).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
from django.db import transaction

from mailstead.control.dns import queries as dns
from mailstead.control.dns import services as looks
from mailstead.control.dns.lookup import look as look_up
from mailstead.control.dns.models import Check, Push
from mailstead.control.dns.push import calls, plan, queries
from mailstead.control.dns.push.credentials import checked
from mailstead.control.dns.push.plan import Change
from mailstead.control.dns.push.providers import Provider, provider_named
from mailstead.control.dns.push.records import Order, Rrset, Told, said
from mailstead.control.dns.push.refusals import refusal_of
from mailstead.control.dns.push.sealed import MINUTES
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Domain
from mailstead.control.people.actor import Actor
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal

Call = Callable[[Order], Told]
WATCHED = dt.timedelta(hours=24)
"""For which it is looked whether the zone's servers have the change."""
AGAIN = dt.timedelta(minutes=1)
KEEP = dt.timedelta(days=1)
"""A plan that nobody carried out is forgotten then."""
_AT_ONCE = 4


def plan_push(
    *,
    actor: Actor,
    now: dt.datetime,
    domain: Domain,
    provider: str,
    credentials: Mapping[str, str],
    zone: str = "",
    call: Call = calls.call,
) -> Push:
    """Read the zone, for up to 25 seconds, and keep what would change; nothing is changed."""
    hosting.permit(actor, "dns.push", domain)
    host = _host(provider)
    given = checked(actor, host, credentials)
    name = _zone(domain, zone)
    told = _read(actor, host, given, name, call)
    changes = plan.changes_for(dns.expected_of(domain), told)
    return _keep(actor, now, domain, host, given, name, told, changes)


def plan_undo(
    *,
    actor: Actor,
    now: dt.datetime,
    push: Push,
    credentials: Mapping[str, str],
    call: Call = calls.call,
) -> Push:
    """The plan that brings back what a push has replaced; it is carried out like any other."""
    hosting.permit(actor, "dns.push", push.domain)
    if push.state == Push.State.PLANNED or not push.chosen:
        raise Refusal("push-not-made", "This plan has not changed anything.")
    host = _host(push.provider)
    given = checked(actor, host, credentials)
    told = _read(actor, host, given, push.zone, call)
    changes, differing = plan.back(queries.chosen_of(push), told)
    if differing:
        raise Refusal(
            "zone-changed-since",
            "Somebody has changed these records since: {names}.",
            remedy="Change them at the DNS host, or make a new plan.",
            names=", ".join(differing),
        )
    return _keep(actor, now, push.domain, host, given, push.zone, told, changes, undoes=push)


def apply_push(
    *,
    actor: Actor,
    now: dt.datetime,
    push: Push,
    credentials: Mapping[str, str],
    chosen: Collection[str] | None = None,
    call: Call = calls.call,
    look: looks.Look = look_up,
) -> Push:
    """Carry a plan out if the zone is still the one that was read. Takes up to 55 seconds.

    `chosen` are keys of changes; None: all that are not `loud`. Raises `Refusal`.
    """
    domain = push.domain
    hosting.permit(actor, "dns.push", domain)
    changes = _chosen(push, chosen)
    host = _host(push.provider)
    given = checked(actor, host, credentials)
    _begin(push, changes, now)
    order = Order(
        provider=host.key,
        credentials=given,
        zone=push.zone,
        near=actor.sees_everything,
        changes=tuple(one.wanted for one in changes),
        marks=push.marks,
    )
    _end(actor, now, push, changes, call(order), host)
    verify(now=now, push=push, look=look)
    return push


def verify(*, now: dt.datetime, push: Push, look: looks.Look = look_up) -> bool:
    """Look whether the zone's own servers answer as planned; the look itself is kept."""
    domain = push.domain
    expected = dns.expected_of(domain)
    changes = queries.chosen_of(push)
    keys = [(one.name, one.type) for one in expected]
    keys += [(one.name, one.type) for one in changes]
    seen = look(domain.name, list(dict.fromkeys(keys)), dns.way())
    looks.keep(actor=Actor.system(), now=now, domain=domain, expected=expected, seen=seen)
    for one in changes:
        found = seen.answers.get((one.name, one.type))
        told = [a for a in found.authoritative if a.known] if found else []
        new, old = ({said(one.type, value) for value in side} for side in (one.after, one.before))
        # What stays beside them is of no interest, and each library writes it in its own way.
        seen_so = [new - old <= set(a.values) and not (old - new) & set(a.values) for a in told]
        if not seen_so or not all(seen_so):
            return False
    Push.objects.filter(pk=push.pk, verified_at=None).update(verified_at=now)
    push.verified_at = push.verified_at or now
    return True


def verify_due(now: dt.datetime, look: looks.Look = look_up) -> int:
    """Look after pushes that the zone's servers do not show yet; returns after how many."""
    rows = Push.objects.filter(
        state=Push.State.APPLIED,
        verified_at=None,
        applied_at__gt=now - WATCHED,
        domain__removed_at=None,
        domain__dns_check__at__lt=now - AGAIN,
    ).select_related("domain__server", "domain__customer__reseller")
    due = list(rows.order_by("pk")[:_AT_ONCE])
    for push in due:
        verify(now=now, push=push, look=look)
    return len(due)


def drop_old(now: dt.datetime) -> int:
    """Forget plans that nobody carried out; returns how many."""
    rows = Push.objects.filter(state=Push.State.PLANNED, planned_at__lt=now - KEEP)
    return rows.delete()[0]


def _host(key: str) -> Provider:
    found = provider_named(key)
    if found is None:
        raise Refusal(
            "dns-host-unknown",
            "Records cannot be pushed to this DNS host.",
            remedy="Enter them by hand, or load the zone file there.",
        )
    return found


def _zone(domain: Domain, given: str) -> str:
    """The zone that holds the domain; raises `Refusal`."""
    if not given:
        check = Check.objects.filter(domain=domain).first()
        return check.zone if check and check.zone else domain.name
    zone = normalise_domain(given)
    if not f".{domain.name}".endswith(f".{zone}"):
        raise Refusal(
            "zone-elsewhere",
            "{name} does not lie in the zone {zone}.",
            remedy="Give the zone that holds it, or leave it empty.",
            name=domain.name,
            zone=zone,
        )
    return zone


def _read(
    actor: Actor, host: Provider, given: dict[str, str], zone: str, call: Call
) -> tuple[Rrset, ...]:
    told = call(Order(host.key, given, zone, near=actor.sees_everything))
    if told.fault:
        raise refusal_of(told, host, zone)
    return told.records


@transaction.atomic
def _keep(
    actor: Actor,
    now: dt.datetime,
    domain: Domain,
    host: Provider,
    given: Mapping[str, str],
    zone: str,
    records: Sequence[Rrset],
    changes: Sequence[Change],
    undoes: Push | None = None,
) -> Push:
    return Push.objects.create(
        domain=domain,
        provider=host.key,
        server=f"{given['host']}:{given['port']}" if host.own_server else "",
        zone=zone,
        undoes=undoes,
        changes=msgspec.to_builtins(changes),
        marks={one.key: one.mark for one in records},
        person=str(actor.really)[:320],
        planned_at=now,
    )


def _chosen(push: Push, chosen: Collection[str] | None) -> list[Change]:
    changes = queries.changes_of(push)
    if chosen is None:
        wanted = [one for one in changes if not one.loud]
    else:
        wanted = [one for one in changes if one.key in chosen]
    if not wanted:
        raise Refusal(
            "nothing-chosen", "Nothing is to be changed.", remedy="Choose what shall be changed."
        )
    blocked = [
        one.name
        for one in wanted
        if one.after
        and any(o.name == one.name and not o.after and o not in wanted for o in changes)
    ]
    if blocked:
        raise Refusal(
            "name-taken",
            "At {name} stands a record that does not go with the new one.",
            remedy="Choose its removal too.",
            name=blocked[0],
        )
    return wanted


@transaction.atomic
def _begin(push: Push, changes: Sequence[Change], now: dt.datetime) -> None:
    """Only one of two that carry the same plan out comes through."""
    if push.planned_at < now - dt.timedelta(minutes=MINUTES):
        raise Refusal(
            "plan-old", "The plan is older than a quarter of an hour.", remedy="Make a new one."
        )
    keys = [one.key for one in changes]
    rows = Push.objects.filter(pk=push.pk, state=Push.State.PLANNED)
    if rows.update(state=Push.State.APPLYING, chosen=keys, applied_at=now) != 1:
        raise Refusal(
            "plan-used",
            "This plan has been carried out already.",
            remedy="Look at what became of it.",
        )
    push.refresh_from_db()


def _end(
    actor: Actor,
    now: dt.datetime,
    push: Push,
    changes: Sequence[Change],
    told: Told,
    host: Provider,
) -> None:
    """Keep what came of it; raises the `Refusal` that it is, if it is one."""
    fault = refusal_of(told, host, push.zone) if told.fault else _not_kept(told, push, changes)
    _close(actor, now, push, changes, fault, begun=told.begun or not told.fault)
    if fault:
        raise fault


@transaction.atomic
def _close(
    actor: Actor,
    now: dt.datetime,
    push: Push,
    changes: Sequence[Change],
    fault: Refusal | None,
    *,
    begun: bool,
) -> None:
    push.state = Push.State.FAILED if fault else Push.State.APPLIED
    push.words = fault.sentence[:1000] if fault else ""
    if fault and not begun:
        push.chosen, push.applied_at = [], None
        # Another token, another try: the zone has not been touched.
        push.state = Push.State.FAILED if fault.code == "zone-changed" else Push.State.PLANNED
    push.save(update_fields=["state", "words", "chosen", "applied_at"])
    if begun:
        hosting.note_zone(
            actor=actor,
            now=now,
            domain=push.domain,
            rule="dns.push",
            verb="domain.dns-pushed",
            before={one.key: list(one.before) for one in changes},
            after={one.key: list(one.after) for one in changes},
        )


def _not_kept(told: Told, push: Push, changes: Sequence[Change]) -> Refusal | None:
    """What is otherwise in the zone than it should be afterwards."""
    now = {one.key: one for one in told.records}
    wrong = [
        one.key
        for one in changes
        if not plan.same(one.type, now[one.key].values if one.key in now else (), one.after)
    ]
    ours = {one.key for one in changes}
    others = {key for key in push.marks if key not in ours and key not in now}
    if not wrong and not others:
        return None
    return Refusal(
        "zone-otherwise",
        "The DNS host says that these records are not as planned: {names}.",
        remedy="Look at the zone there; undoing brings back what was replaced.",
        names=", ".join(sorted([*wrong, *others])[:5]),
    )
