"""Blocked log-ins: recorded as nodes tell them, lifted by the company or by whose account it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet

from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Mailbox, Server
from mailstead.control.hosting.services.common import permit
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.protection.models import BlockLift, LoginBlock
from mailstead.standards.client import client as client_at
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import BlockLiftGone, BlockLiftPut
from mailstead.wire.events import AnyEvent, BlockSeen

KEEP = dt.timedelta(days=30)
"""For which a block that has ended is remembered."""
KEEP_LIFTS = dt.timedelta(days=2)
"""For which a node is told again what was lifted; as long as the guard follows it."""
LOT = 500
OWN_LIFTS = 6
"""How often one mailbox may be opened by its owner in an hour: more is a program that guesses."""
HOUR = 3600


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record the blocks that a batch tells."""
    for event in events:
        if not isinstance(event, BlockSeen):
            continue
        rows = LoginBlock.objects.filter(
            server=server, client=event.client[:45], account=event.account[:320], ended=None
        )
        if event.over:
            rows.update(ended=now, end="over", count=event.count)
            continue
        told = {
            "reason": event.reason,
            "since": event.since,
            "until": event.until,
            "count": event.count,
        }
        if not rows.update(**told):
            LoginBlock.objects.create(
                server=server, client=event.client[:45], account=event.account[:320], **told
            )


def snapshot(server: str) -> Iterator[BlockLiftPut]:
    """What was lifted on one server of late."""
    for row in BlockLift.objects.filter(server=server).order_by("pk").iterator(2000):
        yield BlockLiftPut(client=row.client, account=row.account, at=row.at, owner=row.owner)


@transaction.atomic
def lift(*, actor: Actor, now: dt.datetime, client: str, account: str) -> int:
    """Let a client log in again: at one account, or (empty) at all; returns how many blocks ended.

    At all accounts on all servers, because their guards tell each other of such clients.
    Without a client: strangers at an account that is attacked. Raises `Refusal` (`block-unknown`).
    """
    roles.require(actor, "block.lift")
    found = client_at(client.partition("/")[0]) if client else None
    key, name = found.key if found else "", account.strip().lower()
    rows = LoginBlock.objects.filter(client=key, ended=None, until__gt=now)
    rows = rows.filter(account=name) if name else rows
    servers = sorted(set(rows.values_list("server", flat=True)))
    if not servers or not (key or name) or bool(client) != bool(key):
        raise Refusal(
            "block-unknown",
            "No log-in is blocked there.",
            remedy="Look at the list of blocked log-ins.",
        )
    one = rows.order_by("pk").values_list("pk", flat=True)[0]
    count = _end(rows, actor, now)
    if not name:
        # What one node has told the others may reach them later than this.
        servers = sorted({*servers, *Server.objects.values_list("name", flat=True)})
    for server in servers:
        _tell(server, BlockLiftPut(client=key, account=name, at=now), now)
    people.record(
        actor=actor,
        verb="block.lift",
        kind="block",
        label=f"{key or '*'} → {name or '*'}"[:250],
        object_id=one,
        now=now,
    )
    return count


def let_in(*, actor: Actor, now: dt.datetime, mailbox: Mailbox, client: str) -> None:
    """Let the owner of a mailbox log in from the network address at which they are.

    `mailbox` was fetched through the actor. It holds although the address is blocked for others, or
    strangers attack the mailbox. Raises `Refusal` (`client-unknown`, `too-often`, …).
    """
    found = client_at(client)
    if found is None:
        raise Refusal(
            "client-unknown",
            "Your network address is not known here.",
            remedy="Open this page from where your mail program runs.",
        )
    owner = permit(actor, "own-block.lift", mailbox)
    _refuse_too_often(mailbox, now)
    with transaction.atomic():
        address = mailbox.address
        rows = LoginBlock.objects.filter(client=found.key, account=address, ended=None)
        _end(rows, actor, now)
        put = BlockLiftPut(client=found.key, account=address, at=now, owner=True)
        _tell(mailbox.domain.server.name, put, now)
        people.record(
            actor=actor,
            verb="own-block.lift",
            kind="mailbox",
            label=address,
            object_id=mailbox.pk,
            now=now,
            reason=found.key,
            owner=owner,
        )


def _refuse_too_often(mailbox: Mailbox, now: dt.datetime) -> None:
    key = f"let-in:{mailbox.pk}:{int(now.timestamp() // HOUR)}"
    cache.add(key, 0, HOUR)
    if int(cache.incr(key)) > OWN_LIFTS:
        raise Refusal(
            "too-often",
            "This mailbox was opened several times in the last hour.",
            remedy="Wait an hour, and correct the password in every mail program meanwhile.",
            permanent=False,
        )


def _end(rows: QuerySet[LoginBlock], actor: Actor, now: dt.datetime) -> int:
    return rows.update(ended=now, end="lifted", ended_by=str(actor)[:280])


def _tell(server: str, put: BlockLiftPut, now: dt.datetime) -> None:
    BlockLift.objects.update_or_create(
        server=server,
        client=put.client,
        account=put.account,
        defaults={"at": put.at, "owner": put.owner},
    )
    feed.publish(server=server, changes=[put], now=now)


def end_due(now: dt.datetime) -> int:
    """End blocks whose time is over, forget old ones and what was lifted; returns how many."""
    over = LoginBlock.objects.filter(ended=None, until__lte=now).values_list("pk", flat=True)[:LOT]
    count = LoginBlock.objects.filter(pk__in=list(over)).update(ended=now, end="over")
    old = LoginBlock.objects.filter(ended__lt=now - KEEP).values_list("pk", flat=True)[:LOT]
    count += LoginBlock.objects.filter(pk__in=list(old)).delete()[0]
    with transaction.atomic():
        for row in BlockLift.objects.filter(at__lt=now - KEEP_LIFTS).order_by("pk")[:LOT]:
            gone = BlockLiftGone(client=row.client, account=row.account)
            feed.publish(server=row.server, changes=[gone], now=now)
            row.delete()
            count += 1
    return count
