"""Looking at a domain's DNS and keeping what was found; only a change is told."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from django.db import transaction

from mailstead.control.dns import queries
from mailstead.control.dns.answers import Key, Seen
from mailstead.control.dns.compare import (
    Expected,
    Finding,
    State,
    compare,
    proves,
    state_of,
)
from mailstead.control.dns.keys import advance_domain
from mailstead.control.dns.lookup import Way, look
from mailstead.control.dns.models import Check, MailPolicy
from mailstead.control.dns.queries import Kept
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Domain
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.standards.mtasts import Mode
from mailstead.standards.refusal import Refusal

Look = Callable[[str, Sequence[Key], Way], Seen]
AGAIN = dt.timedelta(hours=1)
"""After which one is looked at again of which nothing is known, or whose owner is just publishing
the records: it is younger than `YOUNG` and not all is well."""
YOUNG = dt.timedelta(days=3)
SOON = dt.timedelta(seconds=5)
"""Within which it is not looked at again."""
AT_ONCE = 8
"""Domains that the worker looks at at the same time; nearly all of it is waiting. It ends between
two such rounds."""
_doors = threading.BoundedSemaphore(4)
"""Half of the panel's threads: the others serve who waits for no DNS."""


def check_domain(*, actor: Actor, now: dt.datetime, domain: Domain, look: Look = look) -> bool:
    """Look at the domain's DNS now, for at most ten seconds, and keep what was found.

    A domain whose proof is there becomes live; raises `Refusal` where it cannot. False: it was
    looked at a moment ago, by somebody or by the worker, and is not again.
    """
    roles.require(actor, "dns.check")
    if Check.objects.filter(domain=domain, at__gt=now - SOON, at__lte=now).exists():
        return False
    if not _doors.acquire(blocking=False):
        raise Refusal(
            "checks-many",
            "Too many domains are being looked at in this moment.",
            remedy="Try again in some seconds.",
        )
    try:
        expected, seen = _look(domain, look)
    finally:
        _doors.release()
    keep(actor=actor, now=now, domain=domain, expected=expected, seen=seen)
    advance_domain(now, domain, look)
    if not domain.proven and proves(compare(expected, seen)):
        hosting.note_proof(now=now, domain=domain)
    return True


@transaction.atomic
def set_mta_sts(*, actor: Actor, now: dt.datetime, domain: Domain, mode: Mode) -> None:
    """Let a domain ask others to encrypt mail to it (RFC 8461), or no longer."""
    roles.require(actor, "dns.set-mta-sts")
    Domain.objects.select_for_update().filter(pk=domain.pk).first()
    before = queries.mode_of(domain)
    if before is mode:
        return
    hosting.note_mta_sts(actor=actor, now=now, domain=domain, before=before.value, after=mode.value)
    name = f"mta-sts.{domain.name}"
    if mode is not Mode.NONE and not domain.host_names.filter(name=name).exists():
        # The policy is believed only with a certificate for its name.
        hosting.add_host_name(actor=actor, now=now, domain=domain, name=name, purpose="mta-sts")
    MailPolicy.objects.update_or_create(
        domain=domain, defaults={"mode": mode.value, "changed_at": now}
    )


@transaction.atomic
def ask_looks(*, actor: Actor, domains: Sequence[Domain]) -> int:
    """Have the worker look at these domains within seconds instead of at night; how many."""
    roles.require(actor, "dns.check")
    return Domain.objects.filter(pk__in=[one.pk for one in domains]).update(dns_due_at=None)


def check_due(now: dt.datetime, look: Look = look) -> int:
    """Look at some domains whose turn it is, new ones first; returns how many."""
    rows = Domain.objects.filter(removed_at=None)
    rows = rows.select_related("customer__reseller", "server").prefetch_related("dkim_keys")
    due = list(rows.filter(dns_due_at=None).order_by("pk")[:AT_ONCE])
    due = due or list(rows.filter(dns_due_at__lte=now).order_by("dns_due_at")[:AT_ONCE])
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dns") as pool:
        # The threads only ask the DNS: all rows are read here.
        wanted = [queries.expected_of(domain) for domain in due]
        way = queries.way()
        names = [domain.name for domain in due]
        found = pool.map(look, names, map(_keys, wanted), [way] * len(due))
        count = 0
        for domain, expected, seen in zip(due, wanted, found, strict=True):
            try:
                keep(actor=Actor.system(), now=now, domain=domain, expected=expected, seen=seen)
                count += 1
                if not domain.proven and proves(compare(expected, seen)):
                    hosting.note_proof(now=now, domain=domain)
            except Refusal:
                # It was removed in the meantime, or it is another's already.
                continue
    return count


def _keys(expected: Sequence[Expected]) -> list[Key]:
    return list(dict.fromkeys(key for one in expected for key in one.questions))


def _look(domain: Domain, look: Look) -> tuple[list[Expected], Seen]:
    expected = queries.expected_of(domain)
    return expected, look(domain.name, _keys(expected), queries.way())


@transaction.atomic
def keep(
    *, actor: Actor, now: dt.datetime, domain: Domain, expected: Sequence[Expected], seen: Seen
) -> None:
    """Keep a look; what could not be learnt leaves what was known before."""
    # Locked in the order of `hosting`: two looks at the same time are kept one after the other.
    Domain.objects.select_for_update().filter(pk=domain.pk).first()
    check = Check.objects.filter(domain=domain).first()
    before = queries.kept_of(check)
    findings = compare(expected, seen)
    after = _aged(findings, before, now)
    state = state_of([_finding(one) for one in after])
    old, new = _verdicts(before), _verdicts(after)
    hosting.note_dns(
        actor=actor,
        now=now,
        domain=domain,
        state=state,
        due=_next(state, domain, now),
        before={key: old[key] for key in old if key in new or old[key] == "extra"} or None,
        after={key: new[key] for key in new if key in old or new[key] == "extra"},
    )
    fields = {
        "at": now,
        "trouble": seen.trouble,
        "records": msgspec.to_builtins(after),
        **({"zone": seen.zone, "servers": list(seen.servers)} if seen.zone else {}),
    }
    Check.objects.update_or_create(domain=domain, defaults=fields)


def _next(state: State, domain: Domain, now: dt.datetime) -> dt.datetime:
    """When it is looked at again: in the night, or soon where something is going on."""
    turn = queries.night().next_turn(domain.name, now)
    young = domain.created_at is not None and now - domain.created_at < YOUNG
    return min(turn, now + AGAIN) if state == "unknown" or (young and state != "good") else turn


def _aged(findings: Sequence[Finding], before: Sequence[Kept], now: dt.datetime) -> list[Kept]:
    """The findings with since when each holds."""
    old = {one.key: one for one in before}
    made = []
    blind = any(one.verdict == "unknown" and one.expected.type == "MX" for one in findings)
    for one in findings:
        was = old.get((one.expected.name, one.expected.type, one.expected.value))
        if one.verdict == "unknown" and was is not None:
            made.append(was)
            continue
        same = was is not None and was.verdict == one.verdict
        made.append(
            Kept(
                name=one.expected.name,
                type=one.expected.type,
                value=one.expected.value,
                verdict=one.verdict,
                code=one.code,
                publish=one.publish,
                since=was.since if same and was else now,
                note=one.note,
                found=one.found,
                public=one.public,
                lookups=one.lookups,
            )
        )
    return made + [one for one in before if blind and one.verdict == "extra"]


def _finding(kept: Kept) -> Finding:
    return Finding(kept.expected, kept.verdict, kept.code, kept.publish)


def _verdicts(kept: Sequence[Kept]) -> dict[str, str]:
    """As the trail tells them: one line for each record of which something is known."""
    return {
        f"{one.type} {one.name}" + (f" {one.value}" if one.verdict == "extra" else ""): one.verdict
        for one in kept
        if one.verdict != "unknown"
    }
