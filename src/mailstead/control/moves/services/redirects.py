"""Redirects of old panels' addresses: made at the switch, counted by nodes, ended in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.db import transaction

from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Domain
from mailstead.control.hosting.services import is_ours
from mailstead.control.moves.models import Move, OldPort, Redirect, RedirectUse
from mailstead.control.moves.queries.redirects import redirect_of
from mailstead.control.moves.services.common import locked, note
from mailstead.control.people.actor import Actor
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange, RedirectGone, RedirectPut
from mailstead.wire.events import AnyEvent, OldPortSeen, RedirectUsed

KEPT = dt.timedelta(days=90)
"""After the switch, where nobody has said otherwise."""
LONGEST = 730
"""Days."""
PREFIXES = ("mail", "webmail", "cpanel")
"""Names under each domain that its old host answered. Not the domain itself and not `www`: they
lead to the web site, which is elsewhere."""
SWITCHED = ("switched", "verified", "watched", "done")


def redirect_put(row: Redirect) -> RedirectPut:
    """What the node is told of one."""
    # Mailbox users sign in at the panel too, and find their mail's settings there.
    page = f"{settings.PANEL_ORIGIN}/"
    return RedirectPut(
        host=row.host, domain=row.domain, panel=page, webmail=page, until=row.expires_at
    )


def snapshot(server: str) -> Iterator[AnyChange]:
    """All that a node has to know of redirects."""
    rows = Redirect.objects.filter(server=server).order_by("pk")
    for row in rows.iterator(chunk_size=500):
        yield redirect_put(row)


def redirect_domains(move: Move, domains: Sequence[Domain], now: dt.datetime) -> None:
    """The usual names of these domains lead here; inside the transaction of the switch."""
    for domain in domains:
        for prefix in PREFIXES:
            host = f"{prefix}.{domain.name}"
            if len(host) <= 253 and not is_ours(host):
                _put(move, host, domain.name, domain.server.name, now, now + KEPT)


def _put(
    move: Move, host: str, domain: str, server: str, now: dt.datetime, until: dt.datetime
) -> Redirect:
    row = Redirect.objects.select_for_update().filter(host=host).first()
    if row is None:
        row = Redirect(host=host, created_at=now)
    elif row.server != server:
        feed.publish(server=row.server, changes=[RedirectGone(host=host)], now=now)
    row.move, row.domain, row.server, row.expires_at = move, domain, server, until
    row.save()
    feed.publish(server=server, changes=[redirect_put(row)], now=now)
    return row


@transaction.atomic
def add_redirect(
    *, actor: Actor, now: dt.datetime, move: Move, host: str, days: int = KEPT.days
) -> Redirect:
    """Another name of the old panel leads here, or one that does for longer. Raises `Refusal`."""
    locked(move)
    name = normalise_domain(host)
    if move.state not in SWITCHED or move.server is None:
        raise Refusal(
            "move-not-switched",
            "Old addresses lead here only after the switch.",
            remedy="Switch the move first.",
        )
    if not 1 <= days <= LONGEST:
        raise Refusal(
            "days-invalid", "A redirect lasts 1 to {most} days.", remedy="Give fewer.", most=LONGEST
        )
    if is_ours(name) or name.startswith("mta-sts."):
        raise Refusal(
            "redirect-ours",
            "{name} has pages of its own here.",
            remedy="Give a name of the old server.",
            name=name,
        )
    other = Redirect.objects.filter(host=name).exclude(move=move).first()
    if other is not None:
        raise Refusal(
            "redirect-exists",
            "{name} leads here already, by the move {number}.",
            remedy="End it there first.",
            name=name,
            number=other.move_id,
        )
    note(actor, now, move, "redirect", after={"host": name, "days": days})
    return _put(
        move, name, _domain_of(move, name), move.server.name, now, now + dt.timedelta(days=days)
    )


def _domain_of(move: Move, host: str) -> str:
    """The moved domain in which a name lies; empty: none."""
    numbers = move.things.filter(kind="domain").values("object_id")
    names = Domain.objects.filter(pk__in=numbers, removed_at=None).values_list("name", flat=True)
    return max((name for name in names if host.endswith(f".{name}")), key=len, default="")


@transaction.atomic
def end_redirect(*, actor: Actor, now: dt.datetime, move: Move, host: str) -> None:
    """The name is not answered any more; its counts go too. Raises `Refusal`."""
    locked(move)
    row = redirect_of(move, host)
    note(actor, now, move, "end-redirect", before={"host": row.host})
    _end([row], now)


def end_redirects(move: Move, now: dt.datetime) -> None:
    """All of a move that is taken back; the caller has the transaction."""
    _end(list(Redirect.objects.select_for_update().filter(move=move)), now)


@transaction.atomic
def expire_redirects(now: dt.datetime) -> int:
    """End those whose time is over, some at once; returns how many."""
    rows = Redirect.objects.select_for_update().filter(expires_at__lte=now).order_by("pk")
    found = list(rows[:500])
    _end(found, now)
    return len(found)


def _end(rows: Sequence[Redirect], now: dt.datetime) -> None:
    by_server: dict[str, list[AnyChange]] = {}
    for row in rows:
        by_server.setdefault(row.server, []).append(RedirectGone(host=row.host))
    for server, changes in by_server.items():
        feed.publish(server=server, changes=changes, now=now)
    Redirect.objects.filter(pk__in=[row.pk for row in rows]).delete()


def record(server: str, events: Sequence[AnyEvent]) -> None:
    """Record a batch from a node; inside the transaction that records its numbers."""
    for event in events:
        if isinstance(event, RedirectUsed):
            _used(server, event)
        elif isinstance(event, OldPortSeen):
            _port(server, event)


def _used(server: str, event: RedirectUsed) -> None:
    row = Redirect.objects.filter(server=server, host=event.host).first()
    if row is None or event.count < 1:
        return
    via = event.via[:40]
    use = RedirectUse.objects.select_for_update().filter(redirect=row, via=via).first()
    if use is None:
        use = RedirectUse(redirect=row, via=via, last_seen=event.last)
    use.hits += event.count
    use.last_seen = max(use.last_seen, event.last)
    use.save()


def _port(server: str, event: OldPortSeen) -> None:
    if not event.holder:
        OldPort.objects.filter(server=server, port=event.port).delete()
        return
    OldPort.objects.update_or_create(
        server=server,
        port=event.port,
        defaults={"holder": event.holder[:200], "since": event.at},
    )
