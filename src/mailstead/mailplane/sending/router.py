"""The router: tells Postfix's queue manager by which sending address each recipient's copy leaves.

Purpose: no table of Postfix sees sender and recipient together. qmgr(8) asks this process where
    trivial-rewrite(8) would be asked (rewrite_service_name); it passes each question on to
    trivial-rewrite and changes nothing in the answer, unless that is the transport `smtp` and the
    node has a plan of sending addresses (docs/decisions/0023).
Protocol: Postfix's attributes (sending/attributes.py) at `<home>/spool/private/route`; JSON lines
    (sending/questions.py) at `<home>/sending/control.sock`, the agent's.
Files: reads `<home>/sending/plan.json`, which the agent writes; keeps `router.db` beside it.
Security: runs as Postfix's user; both sockets are in directories that only it and root can enter.
Diagnostics: JSON lines on standard output.
Known limits: while it is away qmgr(8) waits and asks again every second: no new delivery begins,
    nothing is lost. A recipient counts against a ceiling each time that its message is tried.
    qmgr(8) remembers its last question's answer for 30 seconds (resolve_clnt(3)): the same sender's
    next message to the same recipient, with no other question in between, goes the same way
    without being counted.
Settings: `hostname`, given on the command line: the settings are not for this user to read.
"""

from __future__ import annotations

import argparse
import datetime as dt
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import msgspec
import structlog

from mailstead.home import Home
from mailstead.mailplane.sending.attributes import Closed, Talk, changed, values
from mailstead.mailplane.sending.choice import WAIT, Choice, Chooser, Rest
from mailstead.mailplane.sending.memory import Memory
from mailstead.mailplane.sending.questions import (
    Answer,
    AnyQuestion,
    Count,
    Item,
    Learn,
    Listed,
    Refused,
    Rested,
    RestNow,
    Returned,
    Turned,
    WhatIsNew,
)
from mailstead.standards import mail_hosts
from mailstead.wire.pools import SendingPlan

MOST_NEWS = 20_000
_KEEP_EVERY = 1.0
_LOOK_EVERY = 15.0
"""Seconds between two looks whether the machine has its sending addresses."""
_FORGET = dt.timedelta(days=30)
_OURS = b"smtp"
"""The transport of mail that goes straight out (directory/compile.py, postfix/main_cf.py)."""
_PLAN = msgspec.json.Decoder(SendingPlan)
_QUESTION: msgspec.json.Decoder[AnyQuestion] = msgspec.json.Decoder(AnyQuestion)

log = structlog.get_logger("router")


def is_here(address: str) -> bool:
    """Whether this machine has a network address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Router:
    """Choice, memory and news under one lock; knows no sockets."""

    def __init__(self, hostname: str, folder: Path, here: Callable[[str], bool] = is_here) -> None:
        self._here = here
        self._looked = 0.0
        self._lock = threading.Lock()
        self._file = folder / "plan.json"
        self._seen: tuple[int, int] = (0, 0)
        self._relay = b""
        self._chooser = Chooser(hostname)
        self._memory = Memory(folder / "router.db")
        self._memory.load(self._chooser, _now())
        self._changed: set[tuple[int, str]] = set()
        self._uncounted: set[tuple[int, str]] = set()
        self._turns: dict[tuple[str, str, int], tuple[str, str]] = {}
        self._news: deque[tuple[int, dt.datetime, Item]] = deque(maxlen=MOST_NEWS)
        # Higher than what the router before has told: the agent knows how far it has heard.
        self._number = time.time_ns() // 1_000_000

    def close(self) -> None:
        """Write what is not written."""
        with self._lock:
            self._keep_counts()
            self._memory.close()

    # Postfix's side

    def turn(self, question: bytes, answer: bytes) -> bytes:
        """The answer of trivial-rewrite(8), with another transport where the plan says so."""
        found = values(answer)
        if found.get(b"transport") != _OURS:
            return answer
        asked = values(question)
        if asked.get(b"request") != b"resolve":
            return answer
        sender = asked.get(b"sender", b"").decode("ascii", "replace")
        domain = found.get(b"recipient", b"").decode("ascii", "replace").rpartition("@")[2].lower()
        with self._lock:
            self._look_at_plan()
            if not self._chooser.plan.addresses:
                return answer
            receiver = self._receiver(domain)
            choice = self._chooser.choose(sender, receiver, _now())
            self._note(choice, sender, receiver)
        if choice.way == WAIT:
            words = f"4.7.1 Mail to {receiver} is kept for now: {choice.why}"
            return changed(answer, {b"transport": b"retry", b"nexthop": _line(words)})
        if choice.way.startswith("out-"):
            return changed(answer, {b"transport": choice.way.encode()})
        return changed(answer, {b"transport": choice.way.encode(), b"nexthop": self._relay})

    def _look_at_plan(self) -> None:
        try:
            status = self._file.stat()
        except FileNotFoundError:
            return
        seen = status.st_mtime_ns, status.st_ino
        if seen == self._seen:
            return
        self._seen = seen
        try:
            plan = _PLAN.decode(self._file.read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            # Mail goes on under the plan before.
            log.error("plan unreadable", words=str(error))
            return
        self._chooser.take_plan(plan)
        self._look_at_machine()
        self._relay = f"[{plan.relay.host}]:{plan.relay.port}".encode() if plan.relay else b""
        log.info("plan", addresses=[one.number for one in plan.addresses])

    def _look_at_machine(self) -> None:
        self._looked = time.monotonic()
        missing = frozenset(
            one.number
            for one in self._chooser.plan.addresses
            if not all(self._here(text) for text in (one.ipv4, one.ipv6) if text)
        )
        if missing != self._chooser.missing:
            self._chooser.missing = missing
            log.warning("addresses that the machine has not", addresses=sorted(missing))

    def _receiver(self, domain: str) -> str:
        return mail_hosts.by_domain(domain) or self._memory.learned.get(domain) or domain

    def _note(self, choice: Choice, sender: str, receiver: str) -> None:
        """Count, and tell when mail begins to go another way."""
        first = self._chooser.order(choice.mail_class, sender.rpartition("@")[2].lower())
        if choice.way.startswith("out-"):
            key = int(choice.way[4:]), receiver
            self._changed.add(key)
            if any(one.number == key[0] and one.state == "warming" for one in first):
                self._memory.keep_counts(self._chooser.day, {key: self._chooser.used[key]})
            else:
                self._uncounted.add(key)
        place = choice.mail_class, receiver, first[0].number if first else 0
        now = ("" if choice.way.startswith("out-") else choice.way, choice.why)
        if now == self._turns.get(place, ("", "")):
            return
        if now == ("", ""):
            del self._turns[place]
        else:
            if len(self._turns) >= MOST_NEWS:
                self._turns.clear()
            self._turns[place] = now
        self._tell(
            Turned(mail_class=choice.mail_class, receiver=receiver, way=choice.way, why=choice.why)
        )

    def _tell(self, item: Item) -> None:
        self._number += 1
        self._news.append((self._number, _now(), item))
        log.info("news", item=msgspec.to_builtins(item))

    # The agent's side

    def answer(self, question: AnyQuestion) -> Answer:
        """What the agent asked for."""
        with self._lock:
            if isinstance(question, WhatIsNew):
                return self._whats_new(question)
            if isinstance(question, Learn):
                pairs = {
                    domain: name
                    for domain, server in question.servers.items()
                    if not mail_hosts.by_domain(domain) and (name := mail_hosts.by_server(server))
                }
                self._memory.learn(pairs)
            elif isinstance(question, Refused):
                return self._refused(question)
            elif isinstance(question, Listed):
                self._listed(question.lists)
            else:
                self._ordered(question)
            return Answer()

    def _refused(self, said: Refused) -> Answer:
        receiver = mail_hosts.by_domain(said.domain) or mail_hosts.by_server(said.server)
        receiver = receiver or self._receiver(said.domain)
        if receiver != self._receiver(said.domain):
            self._memory.learn({said.domain: receiver})
        rest = self._chooser.refused(said.address, receiver, said.kind, said.reply, _now())
        if rest is not None:
            self._begin(rest)
        return Answer(receiver=receiver)

    def _ordered(self, order: RestNow) -> None:
        if order.until is None:
            ended = self._chooser.end(order.address, order.receiver)
            if ended is not None:
                self._memory.drop_rest(ended)
                self._tell_end(ended)
        else:
            self._begin(self._chooser.ordered(order.address, order.receiver, order.until, _now()))

    def _listed(self, lists: dict[int, str]) -> None:
        if lists != self._chooser.listed:
            self._memory.keep_listed(lists)
            self._chooser.listed = lists
            log.info("listed", lists=lists)

    def _begin(self, rest: Rest) -> None:
        self._memory.keep_rest(rest)
        self._tell(
            Rested(
                address=rest.address,
                receiver=rest.receiver,
                kind=rest.kind,
                until=rest.until,
                times=rest.times,
                reply=rest.reply,
            )
        )

    def _tell_end(self, rest: Rest) -> None:
        self._tell(Returned(address=rest.address, receiver=rest.receiver, kind=rest.kind))

    def _whats_new(self, question: WhatIsNew) -> Answer:
        for rest in list(self._chooser.over(_now())):
            self._memory.keep_rest(rest)
            self._tell_end(rest)
        while self._news and self._news[0][0] <= question.seen:
            self._news.popleft()
        counts = self._take_counts() if question.counts else ()
        return Answer(
            last=self._number, news=tuple((at, item) for _, at, item in self._news), counts=counts
        )

    def _take_counts(self) -> tuple[Count, ...]:
        addresses = {one.number: one for one in self._chooser.plan.addresses}
        day = self._chooser.day
        found = tuple(
            Count(
                address=number,
                receiver=receiver,
                day=day,
                count=self._chooser.used[number, receiver],
                ceiling=self._chooser.ceiling(addresses[number], day),
            )
            for number, receiver in self._changed
            if number in addresses and (number, receiver) in self._chooser.used
        )
        self._changed.clear()
        return found

    # In between

    def keep(self) -> None:
        """Write the counts that may be written late; forget old rests; look at the machine."""
        with self._lock:
            self._keep_counts()
            if time.monotonic() - self._looked >= _LOOK_EVERY:
                self._look_at_machine()
            old = [
                rest
                for rest in self._chooser.rests.values()
                if rest.ended and rest.until < _now() - _FORGET
            ]
            for rest in old:
                self._chooser.end(rest.address, rest.receiver)
                self._memory.drop_rest(rest)

    def _keep_counts(self) -> None:
        used = self._chooser.used
        counts = {key: used[key] for key in self._uncounted if key in used}
        self._uncounted.clear()
        if counts:
            self._memory.keep_counts(self._chooser.day, counts)


def _line(words: str) -> bytes:
    clean = "".join(c if c.isascii() and c.isprintable() else "?" for c in words)
    return clean[:400].encode()


def serve_postfix(router: Router, rewrite: Path, connection: socket.socket) -> None:
    """One connection of qmgr(8), to its end."""
    with connection, closing(_Rewriter(rewrite)) as upstream:
        client = Talk(connection)
        if not upstream.greeting:
            return
        try:
            client.say(upstream.greeting)
            while True:
                question = client.read()
                client.say(router.turn(question, upstream.ask(question)))
        except (Closed, OSError):
            return  # qmgr(8) asks again, a second later


class _Rewriter:
    """The connection to trivial-rewrite(8), which may end at any time."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._talk: Talk | None = None
        self.greeting = b""
        with suppress(OSError, Closed):
            self._open()

    def _open(self) -> Talk:
        self.close()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(60)
        self._talk = Talk(connection)
        connection.connect(self._path)
        self.greeting = self._talk.read()
        return self._talk

    def ask(self, question: bytes) -> bytes:
        """Its answer; asks once more over a new connection. Raises `Closed`, `OSError`."""
        if self._talk is not None:
            with suppress(OSError, Closed):
                self._talk.say(question)
                return self._talk.read()
        talk = self._open()
        talk.say(question)
        return talk.read()

    def close(self) -> None:
        """Let it go."""
        if self._talk is not None:
            self._talk.connection.close()
            self._talk = None


def serve_agent(router: Router, connection: socket.socket) -> None:
    """One connection of the agent, to its end."""
    with connection, connection.makefile("rwb") as lines:
        for line in lines:
            try:
                answer = router.answer(_QUESTION.decode(line))
            except (msgspec.DecodeError, sqlite3.Error) as error:
                log.error("cannot answer", words=str(error))
                return
            lines.write(msgspec.json.encode(answer) + b"\n")
            lines.flush()


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(64)
    return listener


def _accept(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def main(arguments: list[str]) -> int:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="router")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--hostname", required=True)
    given = parser.parse_args(arguments)
    home = Home(given.home)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
    )
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    router = Router(given.hostname, home.sending)
    postfix, agent = _listen(home.route_socket), _listen(home.sending_socket)
    rewrite = home.spool / "private" / "rewrite"
    for listener, serve in (
        (postfix, lambda one: serve_postfix(router, rewrite, one)),
        (agent, lambda one: serve_agent(router, one)),
    ):
        threading.Thread(target=_accept, args=(listener, serve), daemon=True).start()
    while not stopping.wait(_KEEP_EVERY):
        router.keep()
    router.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
