"""Where a domain is at home, and how that changes: a second server, a moment's hold, the exchange.

Copying the mail and when to do what is the affair of moves; here is what each node hears. Order of
locks: the domain, then the feeds' heads.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet

from mailstead.control.feed import services as feed
from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Domain, LeftStore, Mailbox, Server
from mailstead.control.hosting.services.common import commit, facts, living
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange, DomainGone, StorePurged

BATCH = 500


@transaction.atomic
def add_second_server(*, actor: Actor, now: dt.datetime, domain: Domain, server: Server) -> None:
    """Let another server know all that is in the domain; its mail goes on to the home server.

    Raises `Refusal` (`domain-at-home`, `domain-has-second`).
    """
    before = facts(living(domain))
    if server.pk == domain.server_id:
        raise Refusal(
            "domain-at-home",
            "{name} is at home on {server} already.",
            remedy="Name another server.",
            name=domain.name,
            server=server.name,
        )
    if domain.second_id is not None or domain.held:
        raise Refusal(
            "domain-has-second",
            "{name} is being moved already.",
            remedy="End that move first.",
            name=domain.name,
        )
    # What was left there is older than what is going to be copied, and would be taken for mail that
    # has come since.
    _purge(LeftStore.objects.filter(server=server, domain=domain.name), now)
    contents = list(messages.domain_contents(domain)) if domain.proven else []
    told = [messages.at_second(one, domain.server) for one in contents]
    feed.publish(server=server.name, changes=told, now=now)
    domain.second = server
    domain.save(update_fields=["second"])
    _commit(actor, now, "add-second", domain, before, [])


@transaction.atomic
def hold_domain(*, actor: Actor, now: dt.datetime, domain: Domain, held: bool) -> None:
    """Let mail for the domain wait in the queues of both servers, or go on."""
    before = facts(living(domain))
    if domain.held == held:
        return
    domain.held = held
    domain.save(update_fields=["held"])
    verb = "hold" if held else "unhold"
    _commit(actor, now, verb, domain, before, [messages.domain_put(domain)])


@transaction.atomic
def exchange_servers(*, actor: Actor, now: dt.datetime, domain: Domain) -> None:
    """Home and second server change places, and a hold ends. Raises `Refusal` (`no-second`)."""
    before = facts(living(domain))
    if domain.second is None:
        raise Refusal("no-second", "{name} is on one server only.", name=domain.name)
    domain.server, domain.second, domain.held = domain.second, domain.server, False
    # Its records name the new one from now on.
    domain.dns_due_at = None
    domain.save(update_fields=["server", "second", "held", "dns_due_at"])
    _commit(actor, now, "exchange", domain, before, [messages.domain_put(domain)])


@transaction.atomic
def drop_second_server(
    *, actor: Actor, now: dt.datetime, domain: Domain, grace: dt.timedelta
) -> None:
    """The second server forgets the domain; the mail that lies there is deleted after `grace`."""
    before = facts(living(domain))
    left = domain.second
    if left is None:
        return
    boxes = Mailbox.objects.filter(domain=domain).values_list("local", "store")
    LeftStore.objects.bulk_create(
        [
            LeftStore(
                server=left,
                domain=domain.name,
                address=f"{local}@{domain.name}",
                store=store,
                purge_after=now + grace,
            )
            for local, store in boxes
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    domain.second = None
    domain.save(update_fields=["second"])
    _commit(actor, now, "drop-second", domain, before, [])
    feed.publish(server=left.name, changes=[DomainGone(name=domain.name)], now=now)


def purge_left(now: dt.datetime) -> int:
    """Delete what was left on servers long enough ago; returns how many mailboxes' mail."""
    return _purge(LeftStore.objects.filter(purge_after__lte=now).order_by("pk")[:BATCH], now)


@transaction.atomic
def _purge(rows: QuerySet[LeftStore], now: dt.datetime) -> int:
    by_server: dict[str, list[AnyChange]] = {}
    found = list(rows.select_related("server"))
    for one in found:
        gone = StorePurged(address=one.address, store=one.store)
        by_server.setdefault(one.server.name, []).append(gone)
    for server in sorted(by_server):
        feed.publish(server=server, changes=by_server[server], now=now)
    LeftStore.objects.filter(pk__in=[one.pk for one in found]).delete()
    return len(found)


def _commit(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    domain: Domain,
    before: dict[str, object],
    changes: list[AnyChange],
) -> None:
    commit(
        actor=actor,
        now=now,
        verb=verb,
        row=domain,
        label=domain.name,
        before=before,
        changes=changes,
        server=domain.server,
    )
