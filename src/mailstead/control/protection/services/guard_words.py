"""The answers about mailboxes that nodes have to know: said, kept for snapshots, ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import transaction

from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Mailbox
from mailstead.control.protection.models import GuardWord
from mailstead.wire.changes import GuardWordGone, GuardWordPut
from mailstead.wire.protection import GuardWord as Word

OF_NOBODY = dt.timedelta(days=30)
"""How long a word about a mailbox that is not known here is kept."""
LOT = 5000


def say(
    *, server: str, address: str, mailbox: Mailbox | None, word: Word, now: dt.datetime
) -> None:
    """Tell the node; inside the transaction of what it is about, before it locks a case.

    The feed's head is locked first here as in the recording of events, which come to cases later.
    """
    change = GuardWordPut(mailbox=address, word=word, at=now)
    feed.publish(server=server, changes=[change], now=now)
    GuardWord.objects.update_or_create(
        server=server,
        address=address,
        defaults={"mailbox": mailbox.pk if mailbox else None, "word": word, "at": now},
    )


def snapshot(server: str) -> Iterator[GuardWordPut]:
    """The newest answer about each mailbox of a server."""
    for row in GuardWord.objects.filter(server=server).order_by("pk").iterator(2000):
        yield GuardWordPut(mailbox=row.address, word=row.word, at=row.at)  # type: ignore[arg-type]


def end_words(now: dt.datetime) -> int:
    """End words about mailboxes that are gone for good or whose address is another's by now.

    Returns how many.
    """
    known = Mailbox.objects.filter(removed_at=None, domain__removed_at=None).values("pk")
    count = 0
    rows = GuardWord.objects.exclude(mailbox__in=known, mailbox__isnull=False).order_by("pk")
    for row in rows[:LOT]:
        if _holds(row, now):
            continue
        with transaction.atomic():
            change = GuardWordGone(mailbox=row.address)
            feed.publish(server=row.server, changes=[change], now=now)
            GuardWord.objects.filter(pk=row.pk).delete()
        count += 1
    return count


def _holds(row: GuardWord, now: dt.datetime) -> bool:
    """Whether a word about a mailbox that is not living now is still needed."""
    if row.mailbox is None:
        return now - row.at < OF_NOBODY
    mine = Mailbox.objects.filter(pk=row.mailbox)
    local, _, name = row.address.rpartition("@")
    living = Mailbox.objects.filter(local=local, domain__name=name, removed_at=None)
    other = living.filter(domain__removed_at=None).exclude(pk=row.mailbox)
    return mine.exists() and not other.exists()
