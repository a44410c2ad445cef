"""What nodes tell of DNS lists: kept, told once to the operator when it begins and when it ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext

from mailstead.control.delivery.models import Listing
from mailstead.control.feed import services as feed
from mailstead.control.feed.models import Order
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Server
from mailstead.control.people import queries as people_queries
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.web.links import panel_link
from mailstead.wire.events import AnyEvent, ListingSeen
from mailstead.wire.orders import ListsLooked, LookAtLists

KEEP = dt.timedelta(days=365)
"""For which an ended listing is shown."""


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record what a batch tells of lists; inside the transaction that records the batch."""
    for event in events:
        if isinstance(event, ListingSeen):
            note = _begin if event.listed else _end
            note(server, event, now)


def _begin(server: str, event: ListingSeen, now: dt.datetime) -> None:
    row, new = Listing.objects.get_or_create(
        server=server,
        subject=event.subject[:253],
        zone=event.zone[:253],
        ended=None,
        defaults={
            "since": min(event.since, now),
            "answers": [answer[:45] for answer in event.answers[:20]],
            "words": event.words.replace("\x00", "")[:300],
        },
    )
    if new:
        _tell(row, now, begun=True)


def _end(server: str, event: ListingSeen, now: dt.datetime) -> None:
    rows = Listing.objects.filter(
        server=server, subject=event.subject[:253], zone=event.zone[:253], ended=None
    )
    row = rows.first()
    if row is not None:
        row.ended = max(row.since, min(event.at, now))
        row.save(update_fields=["ended"])
        _tell(row, now, begun=False)


def _tell(row: Listing, now: dt.datetime, *, begun: bool) -> None:
    """The trail, and a message to each operator: once, however often the node looks."""
    people.record(
        actor=Actor.system(),
        verb="reputation.listed" if begun else "reputation.delisted",
        kind="listing",
        label=f"{row.subject} · {row.zone}",
        object_id=row.pk,
        now=now,
        after={"server": row.server, "answers": row.answers, "words": row.words} if begun else None,
    )
    people.post_each(
        now=now,
        readers=people_queries.operators(),
        letter=lambda: _letter(row, begun=begun),
    )


def _letter(row: Listing, *, begun: bool) -> tuple[str, str]:
    names = {
        "subject": row.subject,
        "zone": row.zone,
        "server": row.server,
        "words": row.words or "–",
        "link": panel_link("delivery:reputation"),
    }
    if not begun:
        return (
            gettext("{subject} is no longer on {zone}").format(**names),
            gettext(
                "Hello,\n\nthe list {zone} no longer names {subject} of the server {server}.\n"
                "There is nothing to do.\n\n{link}\n"
            ).format(**names),
        )
    return (
        gettext("{subject} is on the list {zone}").format(**names),
        gettext(
            "Hello,\n\nthe list {zone} names {subject} of the server {server}. Receivers that ask "
            "it refuse or sort out what comes from there.\n\nThe list says: {words}\n\n"
            "Find out which mailbox sends what it should not, stop it, and then ask the list to "
            "take the entry away. You are told when it is gone.\n\n{link}\n"
        ).format(**names),
    )


def look_at_lists(
    *, actor: Actor, now: dt.datetime, server: Server, seconds: float
) -> ListsLooked | None:
    """Have a node ask the lists now; None when it has not answered after `seconds`.

    Raises `Refusal` (`node-cannot`). Not inside a transaction.
    """
    answer = hosting.answered(_ask(actor=actor, now=now, server=server), seconds)
    return answer if isinstance(answer, ListsLooked) else None


@transaction.atomic
def _ask(*, actor: Actor, now: dt.datetime, server: Server) -> Order:
    roles.require(actor, "reputation.check")
    people.record(
        actor=actor,
        verb="reputation.check",
        kind="server",
        label=server.name,
        object_id=server.pk,
        now=now,
    )
    return feed.ask(server=server.name, order=LookAtLists(), key="", actor_name=str(actor), now=now)


def drop_old_listings(now: dt.datetime) -> int:
    """Forget what ended more than a year ago; returns how many."""
    return Listing.objects.filter(ended__lt=now - KEEP).delete()[0]
