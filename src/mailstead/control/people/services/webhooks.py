"""Webhooks: a customer's own program is told what was done, signed, and again until it has it.

Each new entry of the audit trail becomes a delivery for each webhook that asked for its verb; the
worker sends what is due and notes how it went.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Collection, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry, Delivery, Webhook
from mailstead.control.people.services import sending
from mailstead.control.people.services.audit import Owner, record
from mailstead.standards.refusal import Refusal

PAUSES = tuple(
    dt.timedelta(seconds=seconds) for seconds in (30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
)
"""Before each further try; after the last one a delivery is given up."""
STOPPED_AFTER = dt.timedelta(days=3)
"""A webhook that has taken nothing for so long is stopped."""
LATE = dt.timedelta(minutes=1)
"""An entry may be committed after one with a higher number: so far back is looked again."""
KEPT = dt.timedelta(days=30)
BATCH = 500
AT_ONCE = 20
CLAIM = dt.timedelta(minutes=1)
_MOST = 20
_EVENT = re.compile(r"[a-z-]{1,30}\.(\*|[a-z-]{1,30})")

Below = Callable[[int], Collection[int]]
"""From a customer to the customers whose entries its webhooks are told besides its own."""
Send = Callable[[Sequence[sending.Post]], list[sending.Answer]]


def _checked_events(events: Collection[str]) -> list[str]:
    for event in events:
        if not _EVENT.fullmatch(event):
            raise Refusal(
                "event-invalid",
                "'{event}' is not an event.",
                remedy="Give verbs of the audit trail: mailbox.create, or domain.* for all.",
                event=event[:60],
            )
    if len(events) > 50:
        raise Refusal("events-many", "These are more than 50 events.", remedy="Use domain.*.")
    return sorted(set(events))


def _facts(webhook: Webhook) -> dict[str, object]:
    return {"url": webhook.url, "events": webhook.events, "active": webhook.active}


def _record(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    webhook: Webhook,
    before: dict[str, object] | None,
    after: dict[str, object] | None,
) -> None:
    record(
        actor=actor,
        verb=f"webhook.{verb}",
        kind="webhook",
        label=webhook.url[:320],
        object_id=webhook.pk or 0,
        now=now,
        before=before,
        after=after,
        owner=Owner(customer=webhook.customer),
    )


def _private() -> bool:
    return bool(settings.MAILSTEAD.web.webhooks_to_private)


@transaction.atomic
def create_webhook(
    *,
    actor: Actor,
    now: dt.datetime,
    customer: int | None,
    url: str,
    events: Collection[str] = (),
) -> tuple[Webhook, str]:
    """A new webhook of a customer, or with None of the company; and its secret, shown this once.

    No `events` means all. Raises `Refusal`.
    """
    roles.require(actor, "webhook.create")
    if Webhook.objects.filter(customer=customer).count() >= _MOST:
        raise Refusal("webhooks-many", "There are 20 webhooks.", remedy="Remove one.")
    webhook = Webhook.objects.create(
        customer=customer,
        url=sending.checked_url(url, private=_private()),
        secret="mswh_" + secrets.token_urlsafe(32),
        events=_checked_events(events),
        created_at=now,
    )
    _record(actor, now, "create", webhook, None, _facts(webhook))
    # It is told of what comes after it.
    webhook.cursor = _newest()
    webhook.save(update_fields=["cursor"])
    return webhook, webhook.secret


@transaction.atomic
def update_webhook(
    *,
    actor: Actor,
    now: dt.datetime,
    webhook: Webhook,
    url: str | None = None,
    events: Collection[str] | None = None,
    active: bool | None = None,
) -> None:
    """Change what is given; one that is made active again is told what happens from now on."""
    roles.require(actor, "webhook.update")
    before = _facts(webhook)
    if url is not None:
        webhook.url = sending.checked_url(url, private=_private())
    if events is not None:
        webhook.events = _checked_events(events)
    if active is not None:
        if active and not webhook.active:
            webhook.cursor = _newest()
            webhook.stopped_words = ""
        webhook.active = active
    webhook.save(update_fields=["url", "events", "active", "cursor", "stopped_words"])
    _record(actor, now, "update", webhook, before, _facts(webhook))


@transaction.atomic
def remove_webhook(*, actor: Actor, now: dt.datetime, webhook: Webhook) -> None:
    """Nothing more is sent there; the log of its deliveries goes too."""
    roles.require(actor, "webhook.remove")
    _record(actor, now, "remove", webhook, _facts(webhook), None)
    webhook.delete()


@transaction.atomic
def redeliver(*, actor: Actor, now: dt.datetime, delivery: Delivery) -> None:
    """Send a delivery once more, now, whatever became of it before."""
    roles.require(actor, "webhook.redeliver")
    delivery.tries = 0
    delivery.next_try_at = now
    delivery.delivered_at = None
    delivery.save(update_fields=["tries", "next_try_at", "delivered_at"])
    _record(actor, now, "redeliver", delivery.webhook, None, {"delivery": delivery.pk})


def _newest() -> int:
    return int(AuditEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0)


def enqueue(now: dt.datetime, below: Below) -> int:
    """Make deliveries of the entries that are new; returns how many."""
    newest = _newest()
    made = 0
    for webhook in Webhook.objects.filter(active=True, cursor__lt=newest):
        made += _enqueue(webhook, now, below)
    return made


def _asked_for(webhook: Webhook, below: Below) -> Q:
    wanted = Q()
    for event in webhook.events:
        kind, _, verb = event.partition(".")
        wanted |= Q(verb__startswith=f"{kind}.") if verb == "*" else Q(verb=event)
    if webhook.customer is not None:
        wanted &= Q(customer__in=[webhook.customer, *below(webhook.customer)])
    return wanted


@transaction.atomic
def _enqueue(webhook: Webhook, now: dt.datetime, below: Below) -> int:
    there = Delivery.objects.filter(webhook=webhook, entry__gt=webhook.cursor)
    new = (
        AuditEntry.objects.filter(_asked_for(webhook, below), pk__gt=webhook.cursor)
        .exclude(pk__in=there.values("entry"))
        .order_by("pk")
    )
    found = list(new[:BATCH])
    Delivery.objects.bulk_create(
        (
            Delivery(
                webhook=webhook,
                entry=entry.pk,
                verb=entry.verb,
                payload=_payload(entry),
                created_at=now,
                next_try_at=now,
            )
            for entry in found
        ),
        ignore_conflicts=True,
    )
    if len(found) < BATCH:
        settled = AuditEntry.objects.filter(pk__gt=webhook.cursor, at__lt=now - LATE)
        place = settled.aggregate(place=Max("pk"))["place"]
        if place:
            Webhook.objects.filter(pk=webhook.pk).update(cursor=place)
    return len(found)


def _payload(entry: AuditEntry) -> dict[str, object]:
    return {
        "id": entry.pk,
        "type": entry.verb,
        "created_at": entry.at.isoformat().replace("+00:00", "Z"),
        "data": {
            "actor": entry.actor,
            "acting_as": entry.acting_as,
            "kind": entry.kind,
            "label": entry.label,
            "object": entry.object_id,
            "customer": entry.customer,
            "domain": entry.domain,
            "mailbox": entry.mailbox,
            "before": entry.before,
            "after": entry.after,
            "reason": entry.reason,
            "request": entry.request,
        },
    }


def signature(secret: str, at: int, body: bytes) -> str:
    """`t=…,v1=…`: HMAC-SHA-256 of the time, a dot, and the body as it is sent."""
    signed = f"{at}.".encode() + body
    return f"t={at},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def _send(posts: Sequence[sending.Post]) -> list[sending.Answer]:
    return sending.send(posts, private=_private())


def deliver_due(now: dt.datetime, send: Send = _send) -> int:
    """Send what is due, some at the same time; returns how many were taken."""
    due = Delivery.objects.filter(next_try_at__lte=now, webhook__active=True)
    claimed = []
    for row in due.select_related("webhook").order_by("next_try_at", "pk")[:AT_ONCE]:
        # Claimed by one of several workers: only one changes the row.
        mine = Delivery.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
        if mine.update(next_try_at=now + CLAIM):
            claimed.append(row)
    answers = send([_post(row, now) for row in claimed])
    for row, answer in zip(claimed, answers, strict=True):
        _note(row, answer, now)
    return sum(answer.good for answer in answers)


def _post(delivery: Delivery, now: dt.datetime) -> sending.Post:
    body = json.dumps(delivery.payload, separators=(",", ":"), ensure_ascii=False).encode()
    return sending.Post(
        url=delivery.webhook.url,
        body=body,
        headers={
            "Content-Type": "application/json",
            "User-Agent": "Mailstead-Webhook/1",
            "Mailstead-Event": delivery.verb,
            "Mailstead-Delivery": str(delivery.pk),
            "Mailstead-Signature": signature(delivery.webhook.secret, int(now.timestamp()), body),
        },
    )


@transaction.atomic
def _note(delivery: Delivery, answer: sending.Answer, now: dt.datetime) -> None:
    delivery.tries += 1
    delivery.status, delivery.words = answer.status, answer.words[:400]
    if answer.good:
        delivery.delivered_at, delivery.next_try_at = now, None
    elif delivery.tries <= len(PAUSES):
        delivery.next_try_at = now + PAUSES[delivery.tries - 1]
    else:
        delivery.next_try_at = None
    # Not the whole row: the hook may have been removed while the message was under way.
    Delivery.objects.filter(pk=delivery.pk).update(
        tries=delivery.tries,
        status=delivery.status,
        words=delivery.words,
        delivered_at=delivery.delivered_at,
        next_try_at=delivery.next_try_at,
    )
    if delivery.next_try_at is None and not answer.good:
        _stop_if_dead(delivery.webhook, now)


def _stop_if_dead(webhook: Webhook, now: dt.datetime) -> None:
    """Stop a webhook to which nothing has come for `STOPPED_AFTER`."""
    rows = Delivery.objects.filter(webhook=webhook)
    since = now - STOPPED_AFTER
    if rows.filter(delivered_at__gte=since).exists():
        return
    if rows.filter(created_at__lt=since, delivered_at=None, tries__gt=0).exists():
        Webhook.objects.filter(pk=webhook.pk).update(
            active=False,
            stopped_words="Nothing was taken for three days; the last answers say why.",
        )


def drop_deliveries(now: dt.datetime) -> int:
    """Drop the log of deliveries older than 30 days; returns how many."""
    return Delivery.objects.filter(created_at__lt=now - KEPT).delete()[0]
