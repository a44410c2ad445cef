"""What nodes tell of who has sent how much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, TypeVar

from mailstead.control.hosting.models import Customer, Mailbox, SendingUse, Server
from mailstead.wire.events import AnyEvent, SendingSeen
from mailstead.wire.sending import FIELDS

K = TypeVar("K")
_UPDATED = ("at", *FIELDS, "page", "refused", "refused_at")


def record_sending(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Keep the newest that a node tells of each mailbox and customer; in the caller's transaction.

    A few queries for all of them: a busy node tells of hundreds every ten seconds.
    """
    seen = [event for event in events if isinstance(event, SendingSeen)]
    where = Server.objects.filter(name=server).first() if seen else None
    if where is None:
        return
    of_mailbox = _newest((event.address, event) for event in seen if event.address)
    of_customer = _newest((event.customer, event) for event in seen if not event.address)
    mailboxes = _mailboxes(where, of_mailbox)
    customers = Customer.objects.filter(pk__in=of_customer).values_list("pk", flat=True)
    _keep(where, "mailbox", {pk: of_mailbox[address] for address, pk in mailboxes.items()})
    _keep(where, "customer", {pk: of_customer[pk] for pk in customers})


def _newest(told: Iterable[tuple[K, SendingSeen]]) -> dict[K, SendingSeen]:
    found: dict[K, SendingSeen] = {}
    for key, event in told:
        if key not in found or found[key].at <= event.at:
            found[key] = event
    return found


def _mailboxes(where: Server, addresses: Collection[str]) -> dict[str, int]:
    """The living ones of that server by their address."""
    parts = [address.rpartition("@") for address in addresses]
    rows = Mailbox.objects.filter(
        local__in={local for local, _, _ in parts},
        domain__name__in={domain for _, _, domain in parts},
        domain__proven=True,
        domain__server=where,
        removed_at=None,
    ).values_list("pk", "local", "domain__name")
    found = {f"{local}@{domain}": pk for pk, local, domain in rows}
    return {address: pk for address, pk in found.items() if address in addresses}


def _keep(
    where: Server, kind: Literal["mailbox", "customer"], told: Mapping[int, SendingSeen]
) -> None:
    column = f"{kind}_id"
    there = SendingUse.objects.filter(server=where, **{f"{column}__in": told})
    older = dict(there.values_list(column, "at"))
    SendingUse.objects.bulk_create(
        [
            SendingUse(server=where, **{column: pk}, **_row(event))
            for pk, event in told.items()
            if pk not in older or older[pk] <= event.at
        ],
        update_conflicts=True,
        unique_fields=("server", kind),
        update_fields=_UPDATED,
    )


def _row(event: SendingSeen) -> dict[str, object]:
    figures = {name: getattr(event.used, name) or 0 for name in FIELDS}
    return {
        "at": event.at,
        **figures,
        "page": event.page,
        "refused": event.refused,
        "refused_at": event.refused_at,
    }
