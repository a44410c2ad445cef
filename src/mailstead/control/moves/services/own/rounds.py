"""Which mailboxes a move between own servers copies, and when it looks at them again."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from mailstead.control.hosting.models import Domain, Mailbox
from mailstead.control.moves.models import Copy, Move, OwnMove
from mailstead.control.moves.services.common import came

FIRST = dt.timedelta(seconds=45)
"""After the exchange: Postfix may take half a minute to forget where an address went."""
YOUNG = dt.timedelta(minutes=10)
AT_ONCE = dt.timedelta(minutes=1)
"""For so long after the exchange, and so often: a node may be slow to hear of it."""
SOON = dt.timedelta(minutes=5)
LATER = dt.timedelta(minutes=30)
A_DAY = dt.timedelta(days=1)
MEETING = ("switched", "verified", "watched", "back")
"""States in which both mailboxes are brought to the same again and again: clients and other mail
servers may still come to either."""


def domains_of(own: OwnMove) -> list[Domain]:
    """The living ones, in the order in which nodes should hear of them."""
    rows = Domain.objects.filter(pk__in=own.domains, removed_at=None)
    found = {one.pk: one for one in rows.select_related("customer__reseller", "server", "alias_of")}
    return [found[number] for number in own.domains if number in found]


def living(move: Move) -> list[Copy]:
    """Its copies whose mailbox is there, locked."""
    rows = Copy.objects.select_for_update(of=("self",)).filter(move=move)
    rows = rows.exclude(mailbox=None).filter(mailbox__removed_at=None)
    return list(rows.order_by("pk"))


def uncopied(move: Move, own: OwnMove) -> QuerySet[Mailbox]:
    """Mailboxes that have no copy yet: some are made while the move goes on."""
    known = Copy.objects.filter(move=move).exclude(mailbox=None).values("mailbox")
    rows = Mailbox.objects.filter(domain__in=own.domains, removed_at=None, domain__removed_at=None)
    return rows.exclude(pk__in=known).select_related("domain").order_by("pk")


def take_new(move: Move, own: OwnMove) -> list[Copy]:
    """A copy for each mailbox that has none yet; in the caller's transaction."""
    new = []
    for mailbox in uncopied(move, own):
        address = mailbox.address
        came(move, "mailbox", mailbox.pk, address)
        values = {
            "mailbox": mailbox,
            "server": own.target,
            "address": address,
            "source": {"kind": "node", "server": own.source},
        }
        # An address that was removed and made anew has another store: another copy too.
        key = f"mail:{address}#{mailbox.store}"
        new.append(Copy.objects.create(move=move, row=key[:450], **values))
    return new


def due(move: Move, at: dt.datetime) -> dt.datetime | None:
    """When a mailbox that was just brought to the same is looked at again; None: not by itself."""
    if move.state not in MEETING:
        return None
    age = at - move.switched_at if move.switched_at else YOUNG
    return at + (AT_ONCE if age < YOUNG else SOON if age < A_DAY else LATER)
