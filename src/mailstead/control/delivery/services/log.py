"""Recording what nodes tell of messages, in bulk, and forgetting it after a month.

Whose a row is, is decided when it is recorded: the owner of the mailbox that submitted the message
(or whose rule forwarded it), and the owners of the recipient and of the address that led to it. A
sender's address that nobody has proved makes nobody an owner.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Model

from mailstead.control.delivery.causes import cause
from mailstead.control.delivery.models import Attempt, Delivery, Message
from mailstead.control.delivery.services.bulk import insert
from mailstead.control.hosting.models import Domain, Mailbox
from mailstead.wire.events import AnyEvent, AttemptSeen, MessageSeen, RefusalSeen

KEEP = dt.timedelta(days=30)
LOT = 5_000
"""Rows that are deleted at once."""
LOTS = 40
"""Lots of each table in one round of the worker."""
OPEN = frozenset({"queued", "deferred", "held"})
"""States of a message that is still in the queue."""
_OF_ATTEMPT = ("next_try", "relay", "dsn", "reply", "cause", "folder", "forwarded")
"""What a row has from its last attempt."""
_CHANGING = ("state", "updated", "tries", *_OF_ATTEMPT)
_OWNING = (
    "side",
    "first",
    "first_of_customer",
    "customer",
    "domain",
    "mailbox",
    "recipient",
    "original",
)


@dataclass(frozen=True)
class Owner:
    """Whose an address is; all None: nobody's here."""

    customer: int | None = None
    domain: int | None = None
    mailbox: int | None = None


NOBODY = Owner()


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record what a batch tells of messages; inside the transaction that records the batch."""
    told = [e for e in events if isinstance(e, MessageSeen | AttemptSeen | RefusalSeen)]
    if told:
        _Batch(server, told, now).record()


@dataclass(frozen=True)
class _Share:
    """Who may know of something, and whether this is the first row that tells it."""

    side: str
    owner: Owner
    first: bool = True
    first_of_customer: bool = True

    @property
    def columns(self) -> dict[str, Any]:
        """As a row has it."""
        return {
            "side": self.side,
            "first": self.first,
            "first_of_customer": self.first_of_customer,
            "customer": self.owner.customer,
            "domain": self.owner.domain,
            "mailbox": self.owner.mailbox,
        }


class _Owners:
    """Whose each address of a batch is; two queries for all of them."""

    def __init__(self, addresses: Iterable[str]) -> None:
        split = {address: _split(address) for address in addresses if "@" in address}
        names = {domain for _, domain in split.values()}
        rows = Domain.objects.filter(name__in=names, proven=True, removed_at=None)
        domains = {row.name: row for row in rows.only("name", "customer_id")}
        boxes = Mailbox.objects.filter(
            domain__in=[row.pk for row in domains.values()],
            local__in={local for local, domain in split.values() if domain in domains},
            removed_at=None,
        )
        numbers = {(d, local): pk for pk, d, local in boxes.values_list("pk", "domain_id", "local")}
        self._found = {
            address: Owner(row.customer_id, row.pk, numbers.get((row.pk, local)))
            for address, (local, domain) in split.items()
            if (row := domains.get(domain)) is not None
        }

    def of(self, address: str) -> Owner:
        """Whose it is."""
        return self._found.get(address, NOBODY)


def _split(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local.partition(settings.MAILSTEAD.recipient_delimiter)[0] or local, domain


class _Batch:
    """One batch of one node."""

    def __init__(
        self,
        server: str,
        told: list[MessageSeen | AttemptSeen | RefusalSeen],
        now: dt.datetime,
    ) -> None:
        self.server, self.told, self.now = server, told, now
        self.owners = _Owners({name for event in told for name in _names(event)})
        self.messages: dict[str, Message] = {}
        self.rows: dict[int, list[Delivery]] = defaultdict(list)
        """By message: what is known of it."""
        self.new: list[Delivery] = []
        self.changed: dict[int, Delivery] = {}
        self.attempts: list[Attempt] = []

    def record(self) -> None:
        """All of it, in the order in which it was told."""
        self._take_messages()
        known = [message.pk for message in self.messages.values()]
        for row in Delivery.objects.filter(message__in=known).order_by("pk"):
            self.rows[row.message_id or 0].append(row)
        for event in self.told:
            if isinstance(event, MessageSeen):
                self._queued(self.messages[_queue(event)])
            elif isinstance(event, RefusalSeen):
                self._refused(event)
            elif _queue(event) in self.messages:
                self._tried(event, self.messages[_queue(event)])
        insert(Delivery, self.new)
        if self.changed:
            Delivery.objects.bulk_update(
                list(self.changed.values()), [*_CHANGING, *_OWNING], batch_size=200
            )
        insert(Attempt, self.attempts)

    def _take_messages(self) -> None:
        """Messages that are told, and those of which only an attempt is."""
        made: dict[str, Message] = {}
        for event in self.told:
            if isinstance(event, MessageSeen):
                made[_queue(event)] = self._message(event)
            elif isinstance(event, AttemptSeen) and event.recipient:
                stub = Message(server=self.server, queue=_queue(event), at=self._past(event.at))
                made.setdefault(stub.queue, stub)
        wanted = {_queue(e) for e in self.told if not isinstance(e, RefusalSeen)}
        rows = Message.objects.filter(server=self.server, queue__in=wanted)
        self.messages = {row.queue: row for row in rows}
        new = [row for queue, row in made.items() if queue not in self.messages]
        insert(Message, new)
        self.messages |= {row.queue: row for row in new}

    def _past(self, at: dt.datetime) -> dt.datetime:
        # A node's clock that is ahead would keep its rows, and all behind them, too long.
        return min(at, self.now)

    def _message(self, event: MessageSeen) -> Message:
        owner = self.owners.of(event.login) if event.direction == "submitted" else NOBODY
        return Message(
            server=self.server,
            queue=_queue(event),
            at=self._past(event.at),
            direction=event.direction,
            message_id=_cut(event.message_id, 250),
            subject=_cut(event.subject, 16),
            sender=_cut(event.sender, 320),
            client=_cut(event.client, 45),
            size=event.size,
            customer=owner.customer,
            domain=owner.domain,
            mailbox=owner.mailbox,
        )

    def _queued(self, message: Message) -> None:
        if not self.rows[message.pk]:
            owner = Owner(message.customer, message.domain, message.mailbox)
            self._add(message, _Share("out" if message.customer else "none", owner))

    def _add(self, message: Message, share: _Share) -> Delivery:
        row = Delivery(
            message_id=message.pk,
            at=message.at,
            **share.columns,
            sender=message.sender,
            state="queued",
            updated=message.at,
            client=message.client,
        )
        self.rows[message.pk].append(row)
        self.new.append(row)
        return row

    def _tried(self, event: AttemptSeen, message: Message) -> None:
        facts = self._facts(event)
        self.attempts.append(
            Attempt(
                message_id=message.pk,
                recipient=_cut(event.recipient, 320),
                original=_cut(event.original, 320),
                outcome=event.outcome,
                source=_cut(event.source, 24),
                **facts,
            )
        )
        if not event.recipient:
            for row in self.rows[message.pk]:
                if row.state in OPEN:
                    self._set(row, event, facts)
            return
        for share in self._shares(event, message):
            self._set(self._row(event, message, share), event, facts)

    def _facts(self, event: AttemptSeen) -> dict[str, Any]:
        return {
            "at": self._past(event.at),
            "relay": _cut(event.relay, 253),
            "dsn": _cut(event.dsn, 11),
            "reply": _cut(event.reply, 500),
            "cause": cause(event.outcome, event.dsn, event.reply),
            "folder": _cut(event.folder, 250),
            "forwarded": [_cut(address, 320) for address in event.forwarded[:20]],
            "next_try": event.next_try,
        }

    def _set(self, row: Delivery, event: AttemptSeen, facts: Mapping[str, Any]) -> None:
        row.updated = facts["at"]
        row.state = "queued" if event.outcome == "released" else event.outcome
        if event.recipient:
            # What is held at once was not tried.
            row.tries += event.outcome != "held"
            for name in _OF_ATTEMPT:
                setattr(row, name, facts[name])
        else:
            row.next_try = None
        if row.pk is not None:
            self.changed[row.pk] = row

    def _row(self, event: AttemptSeen, message: Message, share: _Share) -> Delivery:
        """The row of this recipient on this side: known, the one that waited for it, or new."""
        recipient, original = _cut(event.recipient, 320), _cut(event.original, 320)
        rows = self.rows[message.pk]
        for row in rows:
            known = (row.recipient, row.original, row.side, row.domain, row.mailbox)
            if known == (recipient, original, share.side, share.owner.domain, share.owner.mailbox):
                return row
        waiting = (row for row in rows if not row.recipient and share.first)
        row = next(waiting, None) or self._add(message, share)
        row.recipient, row.original = recipient, original
        for name, value in share.columns.items():
            setattr(row, name, value)
        return row

    def _shares(self, event: AttemptSeen, message: Message) -> list[_Share]:
        """Who may know of it: each side with its owner."""
        sender = Owner(message.customer, message.domain, message.mailbox)
        if event.by:
            sender = self.owners.of(event.by)
        return _shared(sender, self._receiving(event.recipient, event.original))

    def _receiving(self, recipient: str, original: str) -> list[Owner]:
        owner, before = self.owners.of(recipient), self.owners.of(original)
        found = [owner] if owner.domain else []
        if before.domain and before != owner and (before.mailbox or before.domain != owner.domain):
            found.append(before)
        return found

    def _refused(self, event: RefusalSeen) -> None:
        sender = self.owners.of(event.sender) if event.submitted else NOBODY
        code, _, rest = event.words.partition(" ")
        dsn = rest.partition(" ")[0] if rest[:1] in "245" and code.isdigit() else code
        at = self._past(event.at)
        for share in _shared(sender, self._receiving(event.recipient, "")):
            self.new.append(
                Delivery(
                    at=at,
                    updated=at,
                    **share.columns,
                    sender=_cut(event.sender, 320),
                    recipient=_cut(event.recipient, 320),
                    state="refused",
                    client=_cut(event.client, 45),
                    dsn=_cut(dsn, 11) if dsn.count(".") == 2 else "",
                    reply=_cut(event.words, 500),
                    cause=cause("refused", "", event.words),
                )
            )


def _shared(sender: Owner, receiving: list[Owner]) -> list[_Share]:
    """Both sides' rows, or the one of nobody."""
    sides = [("out", sender)] if sender.domain else []
    sides += [("in", owner) for owner in receiving]
    found: list[_Share] = []
    for side, owner in sides or [("none", NOBODY)]:
        alone = owner.customer not in {share.owner.customer for share in found}
        found.append(_Share(side, owner, first=not found, first_of_customer=alone))
    return found


def _names(event: MessageSeen | AttemptSeen | RefusalSeen) -> tuple[str, ...]:
    if isinstance(event, MessageSeen):
        return (event.login,)
    if isinstance(event, AttemptSeen):
        return (event.recipient, event.original, event.by)
    return (event.recipient, event.sender)


def _queue(event: MessageSeen | AttemptSeen) -> str:
    return _cut(event.queue, 24)


def _cut(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]


def drop_old(now: dt.datetime) -> int:
    """Forget what is older than a month, in small lots by number; returns how many rows went."""
    return sum(_drop(model, now - KEEP) for model in (Delivery, Attempt, Message))


def _drop(model: type[Model], before: dt.datetime) -> int:
    dropped = 0
    for _ in range(LOTS):
        rows = model._default_manager.order_by("pk")
        oldest = rows.values_list("pk", "at").first()
        if oldest is None or oldest[1] >= before:
            break
        lot = rows.filter(pk__lt=oldest[0] + LOT, at__lt=before).order_by()
        dropped += lot.delete()[0]
    return dropped
