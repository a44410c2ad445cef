"""Whether the world still asks us for a zone: what the servers of the zone above it say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings

from mailstead.control.dns import queries as dns
from mailstead.control.dns.lookup import Way, delegation_of
from mailstead.control.dns.models import Zone
from mailstead.control.dns.zones import services

Look = Callable[[str, Way], tuple[str, ...] | None]
"""From a zone to the servers that the zone above names; None: nothing could be learnt."""
AGAIN = dt.timedelta(hours=1)
AT_ONCE = 8


def check_delegations(now: dt.datetime, look: Look = delegation_of) -> int:
    """Look at some zones whose turn it is; returns how many."""
    rows = Zone.objects.order_by("due_at")
    due = list(rows.filter(due_at=None)[:AT_ONCE])
    due = due or list(rows.filter(due_at__lte=now)[:AT_ONCE])
    if not due:
        return 0
    way = dns.way()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delegation") as pool:
        found = list(pool.map(look, [zone.name for zone in due], [way] * len(due)))
    for zone, servers in zip(due, found, strict=True):
        state = state_of(servers, our_servers(zone))
        unknown = state == Zone.Delegation.UNKNOWN
        turn = dns.night().next_turn(zone.name, now)
        services.note_delegation(
            now=now,
            zone=zone,
            state=state,
            servers=servers or (),
            due=min(turn, now + AGAIN) if unknown else turn,
        )
    return len(due)


def our_servers(zone: Zone) -> set[str]:
    """Names of the servers that answer for it here: the settings', else the zone's own."""
    named = settings.MAILSTEAD.dns.name_servers
    if named:
        return {name.lower().rstrip(".") for name in named}
    own = zone.records.filter(name=zone.name, type="NS").values_list("value", flat=True)
    return {value.lower().rstrip(".") for value in own}


def state_of(servers: Sequence[str] | None, ours: set[str]) -> str:
    """A delegation in a word."""
    if servers is None:
        return Zone.Delegation.UNKNOWN
    if not servers:
        return Zone.Delegation.NOWHERE
    here = [server in ours for server in servers]
    if all(here):
        return Zone.Delegation.HERE
    return Zone.Delegation.PARTLY if any(here) else Zone.Delegation.ELSEWHERE
