"""Storage in use: what nodes report, and when a customer's pool is full."""

from __future__ import annotations

import datetime as dt

from django.db.models import Sum

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Customer, Domain, Mailbox
from mailstead.control.hosting.services.feeds import Post
from mailstead.control.hosting.services.sign_ins import note_sign_in
from mailstead.wire.events import AnyEvent, SignInSeen, UsageSeen


def handle_event(event: AnyEvent, server: str = "") -> None:
    """What a node's event changes here; inside the transaction that records it.

    While a mailbox is on two servers, what its home has counts.
    """
    if isinstance(event, SignInSeen):
        note_sign_in(event)
    if isinstance(event, UsageSeen):
        rows = Mailbox.objects.filter(store=event.store)
        if server:
            rows = rows.filter(domain__in=Domain.objects.filter(server__name=server))
        if rows.update(usage_bytes=event.bytes, usage_messages=event.messages):
            customer = Customer.objects.get(domains__mailboxes__store=event.store)
            settle_pool(customer, event.at)


def pool_usage(customer: Customer) -> int:
    """Bytes that all mailboxes of a customer use, removed ones within their grace not counted."""
    rows = Mailbox.objects.filter(domain__customer=customer, removed_at=None)
    return int(rows.aggregate(total=Sum("usage_bytes"))["total"] or 0)


def settle_pool(customer: Customer, now: dt.datetime) -> None:
    """Note whether the pool is full, and tell the nodes when that changed.

    Each customer's pool is its own: a reseller that has given away more than it has does not stop
    the mail of customers who keep within theirs. Its meter shows what all use together.
    """
    full = bool(customer.quota) and pool_usage(customer) >= customer.quota
    if full == customer.pool_full:
        return
    customer.pool_full = full
    Customer.objects.filter(pk=customer.pk).update(pool_full=full)
    post = Post()
    rows = Mailbox.objects.filter(
        domain__customer=customer, domain__proven=True, removed_at=None
    ).select_related("domain__customer", "domain__server", "domain__second")
    for mailbox in rows.prefetch_related("app_passwords"):
        post.add(mailbox.domain, messages.mailbox_put(mailbox))
    post.send(now)
