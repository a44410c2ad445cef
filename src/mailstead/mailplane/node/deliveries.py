"""The delivery log's source: each message, each attempt and each refusal in the engines' logs.

Postfix's lines of one message are joined by its number in the queue, which is never used twice.
What Dovecot did with it is joined by the session that LMTP's answer names; what a rule forwarded
comes back as another message and is joined by Message-ID and destination.

Files: reads `<home>/log/postfix.log` and `dovecot.log`; how far is kept in the event spool, in one
    transaction with the events, so that each line is told once.
Known limits: an event is told at the look after the one that found it, because Dovecot's lines
    may come a moment after Postfix's. What was begun when the agent ended is told without what
    stood in earlier lines. A message that a rule forwarded and that had no Message-ID is not
    joined; of automatic answers of several mailboxes to one address at a time, one may be told as
    another's. While the spool is nearly full the logs wait; one that is put aside is compressed
    five minutes later, and what had not been read of it is lost. What is read late may lack the
    folder.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot import filing_lines
from mailstead.mailplane.engines.dovecot.filing_lines import Filing
from mailstead.mailplane.engines.postfix import delivery_lines as lines
from mailstead.mailplane.node import returns
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.sending import source_of
from mailstead.mailplane.node.tail import Place, end_of, lines_since
from mailstead.wire.events import (
    AnyEvent,
    AttemptSeen,
    MessageSeen,
    Outcome,
    RefusalSeen,
    ReturnSeen,
)

MOST = 50_000
"""Messages, sessions and forwardings that are remembered."""
ROOM = 50_000
"""Events for which the spool must have room: more than one look finds."""
SHORTEST_PAUSE, LONGEST_PAUSE = 60.0, 4000.0
"""Seconds between two attempts: Postfix's `minimal_backoff_time` (as in engines/postfix/main_cf.py)
and `maximal_backoff_time` (its default). In between it waits as long as the message is old."""
_POSTFIX, _DOVECOT = "postfix.log", "dovecot.log"
_BY_STATUS: dict[str, Outcome] = {
    "deferred": "deferred",
    "bounced": "bounced",
    "expired": "expired",
}
_BY_SERVICE: dict[str, Outcome] = {
    "lmtp": "filed",
    "virtual": "filed",
    "local": "filed",
    "smtp": "sent",
    "discard": "discarded",
}
_ANSWER = "dovecot-sieve-"
"""How the identities of messages begin that Pigeonhole has written itself."""
# The first one that a session has done decides.
_BY_FILING: tuple[Outcome, ...] = ("filed", "forwarded", "rejected", "discarded")
T = TypeVar("T")


class Recent(Generic[T]):
    """A memory that forgets the oldest."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, key: object, value: T) -> T:
        """Remember it."""
        self._kept[key] = value
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return value

    def get(self, key: object) -> T | None:
        """What is remembered under `key`."""
        return self._kept.get(key)

    def take(self, key: object) -> T | None:
        """The same, and forget it."""
        return self._kept.pop(key, None)


@dataclass
class _Message:
    """What earlier lines told of a message."""

    direction: str = "own"
    client: str = ""
    login: str = ""
    message_id: str = ""
    subject: str = ""
    sender: str | None = None
    """Of the envelope; None: not told yet."""
    forwarder: str = ""
    told: bool = False


@dataclass
class _Session:
    """What Dovecot did with a message for one recipient."""

    done: set[str] = field(default_factory=set)
    folder: str = ""
    forwarded: list[str] = field(default_factory=list)


class Joiner:
    """Lines in, events out; knows no files."""

    def __init__(self) -> None:
        self._messages: Recent[_Message] = Recent()
        self._sessions: Recent[_Session] = Recent()
        self._forwarded: Recent[list[str]] = Recent()
        """Message-ID and destination to the mailboxes whose rules sent it there."""
        self._answers: Recent[list[str]] = Recent()
        """Destination to the mailboxes whose automatic answer is on its way there."""
        self._hops: Recent[tuple[str, str, str]] = Recent()
        """The number of a message that came by for its sender to what it was before: its first
        number, the address that it was sent to, and whose rule forwarded it."""

    def note(self, filing: Filing) -> None:
        """Remember what Dovecot did."""
        session = self._sessions.get(filing.session)
        if session is None:
            session = self._sessions.keep(filing.session, _Session())
        session.done.add(filing.what)
        if filing.what == "filed":
            session.folder = filing.where
        elif filing.what == "forwarded" and len(session.forwarded) < 20:
            session.forwarded.append(filing.where)
            if filing.message_id:
                key = filing.message_id, filing.where
                (self._forwarded.get(key) or self._forwarded.keep(key, [])).append(filing.mailbox)
        elif filing.what == "answered":
            where = filing.where
            (self._answers.get(where) or self._answers.keep(where, [])).append(filing.mailbox)

    def events(self, found: Sequence[lines.Line]) -> list[AnyEvent]:
        """The events that lines, in their order, complete."""
        for line in found:
            # The line that links two numbers may come after the first ones of the second.
            self._link(line)
        return [event for line in found if (event := self.event(line)) is not None]

    def _link(self, line: lines.Line) -> None:
        """Remember under which number a forwarded message goes on (docs/decisions/0022)."""
        if isinstance(line, lines.Tried) and (number := lines.next_queue(line)):
            self._hops.keep(number, (line.queue, line.original, ""))

    def event(self, line: lines.Line) -> AnyEvent | None:
        """The event that a line of Postfix's completes."""
        if isinstance(line, lines.Refused):
            # What a milter refuses at its end has a number, and with it the session that began it.
            begun = self._messages.get(line.queue)
            return _refusal(line, begun is not None and begun.direction == "submitted")
        if isinstance(line, lines.Ended):
            self._messages.take(line.queue)
            self._hops.take(line.queue)
            return None
        if isinstance(line, lines.Changed):
            number, _ = EventSpool.identity()
            return AttemptSeen(id=number, at=line.at, queue=line.queue, outcome=line.what)  # type: ignore[arg-type]
        message = self._messages.get(line.queue)
        if message is None:
            message = self._messages.keep(line.queue, _Message())
        if isinstance(line, lines.Begun):
            message.direction, message.client = line.direction, line.client
            message.login = line.login
        elif isinstance(line, lines.Named):
            message.message_id = line.message_id
        elif isinstance(line, lines.Fact):
            return self._fact(line, message)
        elif isinstance(line, lines.Active):
            return self._taken(line, message)
        elif isinstance(line, lines.Tried):
            return self._tried(line, message)
        return None

    def _taken(self, line: lines.Active, message: _Message) -> MessageSeen | None:
        message.sender = line.sender
        if message.told or message.direction == lines.HOP:
            return None  # a deferred message becomes active again and again
        message.told = True
        number, _ = EventSpool.identity()
        return MessageSeen(
            id=number,
            at=line.at,
            queue=line.queue,
            direction=message.direction,  # type: ignore[arg-type]
            message_id=message.message_id,
            sender=line.sender,
            login=message.login,
            client=message.client,
            size=line.size,
            subject=message.subject,
        )

    def _fact(self, line: lines.Fact, message: _Message) -> ReturnSeen | None:
        if line.what == "subject":
            message.subject = line.value
            return None
        # Only from elsewhere: what this node could not deliver it has told when it happened.
        return returns.read(line) if message.direction == "in" else None

    def _tried(self, line: lines.Tried, message: _Message) -> AttemptSeen | None:
        if number := lines.next_queue(line):
            # No outcome yet: it has only come by for its sender.
            self._hops.keep(number, (line.queue, line.original, self._forwarder(line, message)))
            return None
        outcome = _BY_STATUS.get(line.status)
        source = source_of(line.service)
        session: _Session | None = None
        if line.status == "sent":
            outcome = _BY_SERVICE.get("smtp" if source else line.service)
            if line.service == "lmtp":
                session = self._sessions.take(filing_lines.session_of(line.reply))
                outcome = _of_session(session)
        if outcome is None:
            return None
        queue, original, by = self._hops.get(line.queue) or (
            line.queue,
            line.original,
            self._forwarder(line, message),
        )
        pause = min(max(line.delay, SHORTEST_PAUSE), LONGEST_PAUSE)
        number, _ = EventSpool.identity()
        return AttemptSeen(
            id=number,
            at=line.at,
            queue=queue,
            outcome=outcome,
            recipient=line.recipient,
            original=original,
            by=by,
            relay="" if line.relay == "none" else line.relay,
            dsn=line.dsn,
            reply=line.reply,
            folder=session.folder if session else "",
            forwarded=tuple(session.forwarded) if session else (),
            next_try=line.at + dt.timedelta(seconds=pause) if outcome == "deferred" else None,
            source=source,
        )

    def _forwarder(self, line: lines.Tried, message: _Message) -> str:
        if message.direction != "handed-back" or not message.message_id:
            return ""
        if not message.forwarder:
            to = line.original or line.recipient
            waiting = self._forwarded.get((message.message_id, to))
            if not waiting and not message.sender and message.message_id.startswith(_ANSWER):
                waiting = self._answers.get(to)
            message.forwarder = waiting.pop(0) if waiting else ""
        return message.forwarder


def _of_session(session: _Session | None) -> Outcome:
    done = session.done if session else set()
    return next((what for what in _BY_FILING if what in done), "filed")


def _refusal(line: lines.Refused, begun_by_ours: bool) -> RefusalSeen:
    number, _ = EventSpool.identity()
    return RefusalSeen(
        id=number,
        at=line.at,
        client=line.client,
        sender=line.sender,
        recipient=line.recipient,
        words=line.words,
        submitted=line.submitted or begun_by_ours,
    )


class DeliveryBook:
    """Follows both logs and fills the spool; one user, the agent."""

    def __init__(self, home: Home, spool: EventSpool) -> None:
        self._home = home
        self._spool = spool
        self._joiner = Joiner()
        self._waiting: list[bytes] = []
        """Postfix's lines of the last look, whose events are told at this one."""
        known = spool.places()
        self._places: dict[str, Place] = {
            name: known[name] if name in known else end_of(home.log / name)
            for name in (_POSTFIX, _DOVECOT)
        }
        """How far each log was read."""
        self._told = self._places
        if not known:
            spool.add((), self._places)

    def read(self, now: dt.datetime) -> list[lines.Line]:
        """Tell what the last look found, and look again; returns the lines that were told.

        Raises `sqlite3.Error`, `OSError`.
        """
        if self._spool.room() < ROOM:
            return []
        found, dovecot = lines_since(self._home.log / _DOVECOT, self._places[_DOVECOT])
        for raw in found:
            filing = filing_lines.read(raw)
            if filing is not None:
                self._joiner.note(filing)
        read = [line for raw in self._waiting if (line := lines.read(raw, now)) is not None]
        events = self._joiner.events(read)
        reached = dict(self._places)
        if events or self._told != reached:
            self._spool.add(events, reached)
            self._told = reached
        self._waiting, postfix = lines_since(self._home.log / _POSTFIX, self._places[_POSTFIX])
        self._places = {_POSTFIX: postfix, _DOVECOT: dovecot}
        return read
