"""Messages with reports: taken from the nodes, read later by the worker, each kind by its reader.

Reading one may take a second and a stranger chooses what it holds, so it is not done while a node
waits, and not in the process that serves pages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from email.utils import parseaddr

from django.db.models import F

from mailstead.control.delivery.models import ReportMail
from mailstead.control.delivery.services import aggregates, complaints
from mailstead.standards import inflate, mime
from mailstead.standards.refusal import Refusal, Term
from mailstead.wire.events import AnyEvent, ReportReceived

Reader = Callable[[ReportMail, mime.Part, dt.datetime], None]
"""Keeps what a message tells, now; raises `Refusal` where that cannot be read."""


def _keep_complaint(row: ReportMail, whole: mime.Part, now: dt.datetime) -> None:
    kept = complaints.record_complaint(raw=bytes(row.raw), received=row.received, now=now)
    if kept is None:
        raise inflate.unreadable(Term("it is no complaint in a form that is known"))


def _keep_aggregate(row: ReportMail, whole: mime.Part, now: dt.datetime) -> None:
    aggregates.keep(row, whole)


READERS: dict[str, Reader] = {
    "dmarc": _keep_aggregate,
    "tls": _keep_aggregate,
    "complaint": _keep_complaint,
}
"""What has no reader waits."""
MOST_WAITING = 20_000
KEEP_UNREAD = dt.timedelta(days=30)
MOST_UNREAD = 200
"""Messages that could not be read and are kept to be looked at."""
MOST_TRIES = 3
AT_ONCE = 100


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Keep the reports of a batch; inside the transaction that records the batch.

    Raises `Refusal` (`reports-many`): the node keeps them.
    """
    told = [event for event in events if isinstance(event, ReportReceived)]
    if not told:
        return
    if ReportMail.objects.filter(words="").count() >= MOST_WAITING:
        raise Refusal("reports-many", "Too many reports wait to be read.", permanent=False)
    ReportMail.objects.bulk_create(
        ReportMail(server=server, kind=one.kind, received=min(one.at, now), raw=one.raw)
        for one in told
    )


def read_due(now: dt.datetime) -> int:
    """Read what waits, the oldest first; returns how many messages were looked at."""
    waiting = ReportMail.objects.filter(words="", kind__in=READERS).order_by("pk")
    count = 0
    for number in list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        # Counted before it is read: one that ends this process is not read for ever.
        if not ReportMail.objects.filter(pk=number, words="").update(tries=F("tries") + 1):
            continue
        count += _read(ReportMail.objects.get(pk=number), now)
    return count


def _read(row: ReportMail, now: dt.datetime) -> int:
    whole = mime.message(bytes(row.raw))
    try:
        if row.tries > MOST_TRIES:
            raise Refusal("report-unreadable", "It was tried several times without an end.")
        READERS[row.kind](row, whole, now)
    except Refusal as refusal:
        row.words = (refusal.words or refusal.code)[:300]
        row.sender = mime.one_line(parseaddr(whole.header("from"))[1], 253)
        row.save(update_fields=["words", "sender"])
    else:
        row.delete()
    return 1


def drop_unread(now: dt.datetime) -> int:
    """Forget messages that could not be read; returns how many."""
    unread = ReportMail.objects.exclude(words="")
    dropped: int = unread.filter(received__lt=now - KEEP_UNREAD).delete()[0]
    beyond = list(unread.order_by("-pk").values_list("pk", flat=True)[MOST_UNREAD:5000])
    dropped += ReportMail.objects.filter(pk__in=beyond).delete()[0]
    return dropped
