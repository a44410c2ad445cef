"""The agent's part in sending addresses: brings the plan to Postfix and the router, reads refusals.

A reply that speaks of the sending address's reputation, or of too much mail at once, makes the
router rest that address there; the messages that met it are tried again at once, by another one.
What was kept because no address was left is tried when one is back.

Files: `<home>/agent/sending.json` (the plan, with the relay's password), `<home>/sending/plan.json`
    (without it, for the router), Postfix's files.
Known limits: a refusal is acted upon at the second look at the log after it, four seconds later;
    messages that left in between meet it too and are kept as well. Which messages wait for an
    address is remembered by this process only: after its restart Postfix's own pauses decide.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import structlog

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.postfix import control, delivery_lines, model, queue, render
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.users import POSTFIX
from mailstead.mailplane.sending.choice import KEPT
from mailstead.mailplane.sending.door import RouterAway, ask
from mailstead.mailplane.sending.questions import (
    Answer,
    Item,
    Learn,
    Question,
    Refused,
    Rested,
    Returned,
    WhatIsNew,
)
from mailstead.standards.receivers import Meaning
from mailstead.standards.replies import read
from mailstead.wire.events import AddressRested, AddressReturned, AnyEvent, RouteChosen, SentToday
from mailstead.wire.pools import DIRECT, EVERYWHERE, RestKind, SendingPlan

MOST_WAITING = 20_000
"""Messages whose wait for an address is remembered."""
AT_ONCE = 500
"""Messages that are tried again in one look."""
COUNTS_EVERY = 60.0
SAME_ANSWER = 31.0
"""Seconds for which qmgr(8) may still have the router's answer of before: it remembers the way of
the last recipient that it has asked for, for half a minute."""
_SOCKET_SECONDS = 5.0
_OUT = re.compile(r"out-(\d+)/smtp")
_KINDS: dict[Meaning, RestKind] = {Meaning.REPUTATION: "reputation", Meaning.RATE: "rate"}

log = structlog.get_logger("sending")


def follow(settings: Settings, home: Home, plan: SendingPlan) -> bool:
    """Bring Postfix and the router to a plan; returns whether it was another one.

    The router never names a transport that Postfix does not have: what ends it forgets first, what
    is new it hears last. Raises `EngineError`, `OSError`, `Refusal`.
    """
    before = model.sending_plan(home)
    if plan == before and _known(home, plan):
        return False
    staying = {one.number for one in before.addresses}
    both = msgspec.structs.replace(
        plan,
        addresses=tuple(one for one in plan.addresses if one.number in staying),
        relay=plan.relay if before.relay is not None else None,
    )
    _tell_router(home, both)
    files.write([File(home.sending_plan, msgspec.json.encode(plan).decode(), 0o600)])
    if files.write(render.render(model.from_settings(settings, home))):
        control.reload(home)
        _await_transports(home, plan)
    _tell_router(home, plan)
    log.info("sending addresses", numbers=[one.number for one in plan.addresses])
    return True


def _known(home: Home, plan: SendingPlan) -> bool:
    """Whether the router has this plan; one that was never made is as good as an empty one."""
    path = home.sending / "plan.json"
    if not path.exists():
        return plan == SendingPlan()
    return path.read_bytes() == _without_password(plan)


def _without_password(plan: SendingPlan) -> bytes:
    if plan.relay is not None:
        relay = msgspec.structs.replace(plan.relay, password="")
        plan = msgspec.structs.replace(plan, relay=relay)
    return msgspec.json.encode(plan)


def _tell_router(home: Home, plan: SendingPlan) -> None:
    text = _without_password(plan).decode()
    files.write([File(home.sending / "plan.json", text, 0o640, "root", POSTFIX)])


def _await_transports(home: Home, plan: SendingPlan) -> None:
    deadline = time.monotonic() + _SOCKET_SECONDS
    wanted = [home.spool / "private" / f"out-{one.number}" for one in plan.addresses]
    while not all(map(Path.exists, wanted)) and time.monotonic() < deadline:
        time.sleep(0.05)


def source_of(service: str) -> str:
    """By which address or relay an attempt left (`AttemptSeen.source`); empty: it stays here."""
    name = service.removesuffix("/smtp")
    if name in ("smtp", "relay"):
        return DIRECT
    return name if name == "fallback" or _OUT.fullmatch(service) else ""


class AddressBook:
    """Reads what receivers say of our addresses; one user, the agent's reporter."""

    def __init__(self, home: Home, spool: EventSpool) -> None:
        self._home = home
        self._spool = spool
        self._questions: list[Question] = []
        self._servers: dict[str, str] = {}
        self._known: OrderedDict[str, str] = OrderedDict()
        self._again: dict[str, float] = {}
        """Number of a message to the moment (monotonic) from which on it may be tried again."""
        self._tried_at: OrderedDict[str, float] = OrderedDict()
        self._waiting: OrderedDict[str, str] = OrderedDict()
        """Number of a message to the receiver for which no address was left."""
        self._seen = 0
        self._count_at = 0.0

    def note(self, found: Iterable[delivery_lines.Line]) -> None:
        """Remember what lines of the log say of sending addresses."""
        for line in found:
            if isinstance(line, delivery_lines.Ended):
                self._waiting.pop(line.queue, None)
            elif isinstance(line, delivery_lines.Tried):
                self._tried(line)

    def _tried(self, line: delivery_lines.Tried) -> None:
        kept = KEPT.search(line.reply) if line.status == "deferred" else None
        if kept:
            self._waiting[line.queue] = kept[1]
            if len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
            return
        out = _OUT.fullmatch(line.service)
        if out is None:
            return
        domain = line.recipient.rpartition("@")[2]
        server = "" if line.relay == "none" else line.relay
        if line.status == "sent":
            self._learn(domain, server)
            return
        kind = _KINDS.get(read(line.reply, line.dsn).meaning)
        if kind is None or line.status != "deferred":
            return
        refused = Refused(
            address=int(out[1]),
            domain=domain,
            # What refused the connection has no name in the log's `relay=`, only in its words.
            server=server or _host_of(line.reply),
            kind=kind,
            reply=line.reply,
        )
        self._questions.append(refused)
        self._try_later(line.queue)

    def _try_later(self, number: str) -> None:
        """At once; but after a while where it has met the same a moment ago."""
        last = self._tried_at.get(number)
        now = time.monotonic()
        near = last is not None and now - last < SAME_ANSWER
        self._again.setdefault(number, now + SAME_ANSWER if near else now)

    def _learn(self, domain: str, server: str) -> None:
        if server and self._known.get(domain) != server:
            self._known[domain] = self._servers[domain] = server
            if len(self._known) > MOST_WAITING:
                self._known.popitem(last=False)

    def look(self) -> None:
        """Tell the router, hear its news, let messages go that may; raises `sqlite3.Error`."""
        counts = time.monotonic() >= self._count_at
        questions: list[Question] = [*self._questions]
        if self._servers:
            questions.append(Learn(servers=self._servers))
        try:
            *_, news = ask(self._home, *questions, WhatIsNew(seen=self._seen, counts=counts))
        except RouterAway as away:
            log.warning("router away", words=str(away))
            return
        self._questions.clear()
        self._servers = {}
        if counts:
            self._count_at = time.monotonic() + COUNTS_EVERY
        self._spool.add([*_events(news), *_counts(news)])
        self._seen = news.last
        self._free(item for _, item in news.news)
        self._try_again()

    def _free(self, items: Iterable[Item]) -> None:
        back = {item.receiver for item in items if isinstance(item, Returned)}
        if not back:
            return
        for number, receiver in list(self._waiting.items()):
            if receiver in back or EVERYWHERE in back:
                del self._waiting[number]
                self._try_later(number)

    def _try_again(self) -> None:
        now = time.monotonic()
        numbers = [number for number, at in self._again.items() if at <= now][:AT_ONCE]
        if not numbers:
            return
        try:
            queue.try_now(self._home, numbers)
        except EngineError as error:
            log.warning("cannot try again", words=str(error))
            return
        for number in numbers:
            del self._again[number]
            self._tried_at[number] = now
            self._tried_at.move_to_end(number)
        while len(self._tried_at) > MOST_WAITING:
            self._tried_at.popitem(last=False)


def _host_of(reply: str) -> str:
    """The server's name in Postfix's words `host NAME[ADDRESS] refused to talk to me: …`."""
    found = re.match(r"host ([^\[\s]{1,253})\[", reply)
    return found[1] if found else ""


def _events(news: Answer) -> Sequence[AnyEvent]:
    return [_event(at, item) for at, item in news.news]


def _event(at: dt.datetime, item: Item) -> AnyEvent:
    number, _ = EventSpool.identity()
    if isinstance(item, Rested):
        return AddressRested(
            id=number,
            at=at,
            address=item.address,
            receiver=item.receiver,
            kind=item.kind,
            until=item.until,
            times=item.times,
            reply=item.reply,
        )
    if isinstance(item, Returned):
        return AddressReturned(
            id=number, at=at, address=item.address, receiver=item.receiver, kind=item.kind
        )
    return RouteChosen(
        id=number,
        at=at,
        mail_class=item.mail_class,
        receiver=item.receiver,
        way=item.way,
        why=item.why,
    )


def _counts(news: Answer) -> Sequence[AnyEvent]:
    now = dt.datetime.now(dt.UTC)
    return [
        SentToday(
            id=EventSpool.identity()[0],
            at=now,
            address=one.address,
            receiver=one.receiver,
            day=one.day,
            count=one.count,
            ceiling=one.ceiling,
        )
        for one in news.counts
    ]
