"""What nodes tell of stolen mailboxes: cases, kept messages, and what became of these by hand.

Events come in any order and may tell the same again: the newest by the node's clock holds, and a
kept message that comes before its case makes a bare one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
from django.db.models import Q

from mailstead.control.hosting.models import Mailbox
from mailstead.control.protection.models import Case, GuardWord, KeptMessage
from mailstead.standards.refusal import Refusal
from mailstead.wire.events import AnyEvent, AttemptSeen, CaseSeen, MessageKept
from mailstead.wire.orders import queue_ids

KEEP = dt.timedelta(days=365)
KEEP_WATCHED = dt.timedelta(days=90)
"""How long a case is remembered for which nothing was ever held."""
LOT = 500
POINTS = 400
"""Points of the evidence over time; beyond, every second one of the older half goes."""
MOST_CLUES = 30
MOST_CLIENTS = 100
ANSWER_TRAVELS = dt.timedelta(minutes=10)
"""For so long a node may not know yet what was answered."""
_OBEYED = {"released": "released", "confirmed": "suspended"}
"""What was answered, to the step that the node takes for it."""
_SETTLED = {"released": "sent", "deleted": "deleted"}
"""What the node says of a message that was held, to the state that it has then."""


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record what a batch tells of cases; inside the transaction that records its numbers."""
    for event in events:
        if isinstance(event, CaseSeen):
            _case_seen(server, event, now)
    for event in events:
        if isinstance(event, MessageKept):
            _kept(server, event, now)
    _settled(server, [e for e in events if isinstance(e, AttemptSeen) and e.outcome in _SETTLED])


def _mailbox(server: str, address: str) -> Mailbox | None:
    """The living one of that address on that server, or the last one that was removed."""
    local, _, name = address.rpartition("@")
    rows = Mailbox.objects.filter(local=local, domain__name=name, domain__server__name=server)
    living = rows.filter(removed_at=None, domain__removed_at=None, domain__proven=True)
    return living.first() or rows.order_by("-removed_at").first()


def _case(server: str, number: str, address: str, opened: dt.datetime, now: dt.datetime) -> Case:
    """The case of that number, locked; made where there is none."""
    number = number[:100]
    row = Case.objects.select_for_update().filter(number=number).first()
    if row is not None:
        return row
    bare = address.strip().lower()[:320]
    row = Case(
        number=number,
        server=server,
        mailbox=_mailbox(server, bare),
        address=bare,
        opened=opened,
        recorded_at=now,
    )
    said = GuardWord.objects.filter(server=server, address=bare, word="confirmed").first()
    if said is not None and abs(said.at - opened) < dt.timedelta(seconds=1):
        # The node had no open case when it heard the word, and has opened this one for it.
        row.state, row.decided_at, row.told_at = "confirmed", said.at, now
    row.save()
    return row


def _case_seen(server: str, event: CaseSeen, now: dt.datetime) -> None:
    row = _case(server, event.case, event.mailbox, event.opened, now)
    if row.server != server:
        # Another node's: numbers are unique, so this one does not tell the truth.
        return
    row.opened = min(row.opened, event.opened)
    row.evidence = _evidence(row.evidence, event)
    # They only ever grow, whatever the order in which they come.
    row.messages = max(row.messages, event.messages)
    row.recipients = max(row.recipients, event.recipients)
    row.held = max(row.held, event.held)
    if row.seen_at is None or event.at >= row.seen_at or _obeys(row, event):
        row.seen_at, row.step = max(row.seen_at or event.at, event.at), event.step
        row.nats, row.bound = event.nats, event.bound
        clues = [
            msgspec.structs.replace(one, facts=_printable(one.facts)[:300])
            for one in event.clues[:MOST_CLUES]
        ]
        row.clues = msgspec.to_builtins(clues)
        row.clients = msgspec.to_builtins(event.clients[:MOST_CLIENTS])
        row.watched = event.step == "watched"
        if event.step == "released" and row.state == "open":
            # The node has let it go by itself.
            row.state, row.decided_at = "closed", event.at
        elif event.step in ("hold", "suspended") and _holds_again(row, event.at):
            row.state, row.decided_at, row.told_at = "open", None, None
    row.save()


def _obeys(row: Case, event: CaseSeen) -> bool:
    """Whether the node tells that it has heard the answer; it does so with the answer's time.

    What it has told in between, before it had heard, may be later by its clock.
    """
    if row.decided_at is None or event.step != _OBEYED.get(row.state):
        return False
    return event.at >= row.decided_at - dt.timedelta(seconds=1)


def _holds_again(row: Case, at: dt.datetime) -> bool:
    """Whether the node holds mail long after the case was answered or had ended by itself."""
    over = row.state in ("released", "closed")
    return over and row.decided_at is not None and at - row.decided_at > ANSWER_TRAVELS


def _evidence(points: list[list[object]], event: CaseSeen) -> list[list[object]]:
    """With one point more, in the order of time, each time once."""
    at = event.at.isoformat()
    known = {str(point[0]): point for point in points}
    known[at] = [at, round(event.nats, 3), event.step]
    found = sorted(known.values(), key=lambda point: dt.datetime.fromisoformat(str(point[0])))
    if len(found) > POINTS:
        half = len(found) // 2
        found = found[:half:2] + found[half:]
    return found


def _kept(server: str, event: MessageKept, now: dt.datetime) -> None:
    try:
        (queue,) = queue_ids((event.queue,))
    except Refusal:
        # No number of Postfix: nobody could ever act on it.
        return
    case = _case(server, event.case, event.mailbox, event.taken, now)
    if case.server != server:
        return
    known = KeptMessage.objects.filter(server=server, queue=queue).first()
    other = known is not None and known.case_id != case.pk
    # Let go once and taken back, for this case or another one.
    again = known is not None and event.at > known.kept_at and (other or known.state != "waiting")
    if other and not again:
        # Of an earlier case, told late: it is kept for another one by now.
        return
    undecided = {"decision": "none", "decided_by": "", "decided_at": None, "state": "waiting"}
    KeptMessage.objects.update_or_create(
        server=server,
        queue=queue,
        defaults={
            # What was said then holds no more.
            **(undecided | {"order": None, "tries": 0, "due_at": None} if again else {}),
            "case": case,
            "kept_at": event.at,
            "taken": event.taken,
            "sender": _printable(event.sender)[:320],
            "recipients": [_printable(one)[:320] for one in event.recipients[:50]],
            "recipient_count": event.recipient_count,
            "size": event.size,
            "subject": _printable(event.subject)[:250],
            "client": event.client[:45],
            "pulled": event.pulled,
        },
    )


def _printable(text: str) -> str:
    """A text of strangers in one line, without what terminals or databases stumble over."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def drop_old(now: dt.datetime) -> int:
    """Forget cases that are long over; one whose mail still waits never. Returns how many."""
    waiting = KeptMessage.objects.filter(state="waiting").values("case")
    over = Q(opened__lt=now - KEEP, state__in=("released", "confirmed", "closed"))
    rows = Case.objects.filter(over | Q(opened__lt=now - KEEP_WATCHED, watched=True))
    numbers = list(rows.exclude(pk__in=waiting).order_by("pk").values_list("pk", flat=True)[:LOT])
    Case.objects.filter(pk__in=numbers).delete()
    return len(numbers)


def _settled(server: str, events: Sequence[AttemptSeen]) -> None:
    """Somebody has acted on kept messages, by our order or by hand at the queue."""
    for event in events:
        rows = KeptMessage.objects.filter(server=server, queue=event.queue)
        # `gone` was only a guess: the node did not find it any more.
        rows = rows.filter(Q(state__in=("waiting", "gone")), kept_at__lte=event.at)
        rows.update(state=_SETTLED[event.outcome], order=None, due_at=None)
