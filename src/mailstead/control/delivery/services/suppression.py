"""Recipients who are not there: found in what nodes tell, kept from being written to, let go.

A false suppression is worse than a further bounce. So it takes two messages of the same mailbox
that came back at different times because the recipient's own server knows no such recipient
(`bounces.nobody_there`), and nobody here may have reached the recipient since the first. What
receivers say of our own addresses never counts, nor what a notification says that anybody can send.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction

from mailstead.control.delivery.bounces import nobody_there
from mailstead.control.delivery.causes import TROUBLE
from mailstead.control.delivery.models import Delivery, Message, Suppression
from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.services.common import permit
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.web.links import panel_link
from mailstead.standards.mail_hosts import company
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import SuppressionGone, SuppressionPut
from mailstead.wire.events import AnyEvent, AttemptSeen
from mailstead.wire.pools import FALLBACK

LOOK_BACK = dt.timedelta(days=30)
"""How far two bounces may be apart, and how long somebody counts as known to be there."""
APART = dt.timedelta(hours=1)
"""A message that is sent again at once proves nothing more."""
KNOWN_APART = dt.timedelta(days=3)
"""The same for a recipient who was reached before: their server may lose its list for a day."""
OWN_TROUBLE = dt.timedelta(days=1)
"""Some servers say "no such user" to those whom they do not trust."""
DAYS = (30, 90, 180)
"""How long the first, the second and every later suppression of a pair lasts."""
KEEP = dt.timedelta(days=365)
"""How long one that has ended is remembered."""
LOT = 500


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """End and begin suppressions by what a batch tells; after the log has recorded it."""
    # What the fallback relay says is its own word, not that of the recipient's server.
    tried = [
        e for e in events if isinstance(e, AttemptSeen) and e.recipient and e.source != FALLBACK
    ]
    _reached({e.recipient for e in tried if e.outcome == "sent"}, now)
    bounced = [
        e
        for e in tried
        if e.outcome == "bounced" and not e.original and nobody_there(e.dsn, e.reply)
    ]
    if not bounced:
        return
    rows = Message.objects.filter(
        server=server, queue__in={e.queue for e in bounced}, direction="submitted"
    )
    senders = {row.queue: row for row in rows.exclude(mailbox=None)}
    for event in bounced:
        message = senders.get(event.queue)
        if message is not None and _proved(message, event, now):
            _suppress(message, event, now)


def _reached(recipients: set[str], now: dt.datetime) -> None:
    """Somebody here reached them: they are there."""
    if not recipients or not Suppression.objects.filter(ended=None).exists():
        return
    names = sorted(recipients)
    for start in range(0, len(names), LOT):
        rows = Suppression.objects.filter(ended=None, recipient__in=names[start : start + LOT])
        _end(rows, "delivered", now)


def _proved(message: Message, event: AttemptSeen, now: dt.datetime) -> bool:
    """Whether this bounce and what is known before it are enough."""
    since = now - LOOK_BACK
    rows = Delivery.objects.filter(recipient=event.recipient, at__gte=since)
    earlier = rows.filter(mailbox=message.mailbox, side="out", state="bounced")
    times = [
        row.updated
        for row in earlier.exclude(message=message).order_by("at")[:50]
        if nobody_there(row.dsn, row.reply)
    ]
    sent = rows.filter(state="sent").order_by("-updated").values_list("updated", flat=True)
    last_sent = sent.first()
    if last_sent is not None:
        times = [at for at in times if at > last_sent]
    apart = KNOWN_APART if last_sent is not None else APART
    if not any(event.at - at >= apart for at in times):
        return False
    return not _distrusted(event, now)


def _distrusted(event: AttemptSeen, now: dt.datetime) -> bool:
    """Whether the same company has just refused mail because of our own address."""
    rows = Delivery.objects.filter(
        first=True, state__in=TROUBLE, cause="reputation", at__gte=now - OWN_TROUBLE
    )
    whose = company(event.relay)
    relays = rows.values_list("relay", flat=True).distinct()[:LOT]
    return any(company(relay) == whose for relay in relays)


def _suppress(message: Message, event: AttemptSeen, now: dt.datetime) -> None:
    living = Mailbox.objects.filter(removed_at=None, domain__removed_at=None)
    number = message.mailbox or 0
    mailbox = living.filter(pk=number).select_related("domain__server").first()
    pair = Suppression.objects.filter(mailbox=number, recipient=event.recipient)
    if mailbox is None or pair.filter(ended=None).exists():
        return
    turn = 1 + pair.filter(end="expired").count()
    made = Suppression.objects.create(
        server=mailbox.domain.server.name,
        customer=mailbox.domain.customer_id,
        domain=mailbox.domain_id,
        mailbox=mailbox.pk,
        address=mailbox.address,
        recipient=event.recipient,
        since=now,
        until=now + dt.timedelta(days=DAYS[min(turn, len(DAYS)) - 1]),
        turn=turn,
        reply=event.reply[:500],
        relay=event.relay[:253],
        dsn=event.dsn[:11],
    )
    feed.publish(server=made.server, changes=[suppression_put(made)], now=now)


def suppression_put(row: Suppression) -> SuppressionPut:
    """As a node is told of it."""
    page = panel_link("delivery:suppression", row.pk)
    return SuppressionPut(
        mailbox=row.address,
        recipient=row.recipient,
        until=row.until,
        words="Mail to this address came back more than once: there is no such mailbox. "
        f"If there is one now, allow it again at {page}"[:400],
    )


def snapshot(server: str) -> Iterator[SuppressionPut]:
    """All that hold on one server."""
    rows = Suppression.objects.filter(server=server, ended=None).order_by("pk")
    for row in rows.iterator(2000):
        yield suppression_put(row)


@transaction.atomic
def release(*, actor: Actor, now: dt.datetime, suppression: Suppression) -> None:
    """Let the mailbox write to the recipient again; raises `Refusal`.

    `suppression` was fetched through the actor. One that has ended already is no error.
    """
    mailbox = Mailbox.objects.select_related("domain__customer__reseller").filter(
        pk=suppression.mailbox
    )
    row = mailbox.first()
    if row is None:
        raise Refusal("gone", "It was removed in the meantime.", remedy="Look at the list again.")
    owner = permit(actor, "suppression.release", row)
    ended = _end(Suppression.objects.filter(pk=suppression.pk, ended=None), "released", now, actor)
    if ended:
        people.record(
            actor=actor,
            verb="suppression.release",
            kind="suppression",
            label=str(suppression)[:250],
            object_id=suppression.pk,
            now=now,
            owner=owner,
        )
    suppression.refresh_from_db()


def _end(
    rows: Iterable[Suppression], how: str, now: dt.datetime, actor: Actor | None = None
) -> int:
    """End them and tell their nodes; inside a transaction."""
    count = 0
    for row in rows:
        waiting = Suppression.objects.filter(pk=row.pk, ended=None)
        if not waiting.update(ended=now, end=how, ended_by=str(actor or "")[:280]):
            continue
        gone = SuppressionGone(mailbox=row.address, recipient=row.recipient)
        feed.publish(server=row.server, changes=[gone], now=now)
        count += 1
    return count


def end_due(now: dt.datetime) -> int:
    """End those whose time is over or whose mailbox is gone, forget old ones; returns how many."""
    there = Mailbox.objects.filter(removed_at=None, domain__removed_at=None).values("pk")
    held = Suppression.objects.filter(ended=None)
    count = 0
    for rows, how in (
        (held.filter(until__lte=now), "expired"),
        (held.exclude(mailbox__in=there), "removed"),
    ):
        with transaction.atomic():
            count += _end(rows.order_by("pk")[:LOT], how, now)
    old = Suppression.objects.filter(ended__lt=now - KEEP).values_list("pk", flat=True)[:LOT]
    return count + Suppression.objects.filter(pk__in=list(old)).delete()[0]
