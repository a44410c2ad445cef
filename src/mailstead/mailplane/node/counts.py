"""What happened here in the last minute, counted in the engines' logs and by the guard, and how the
node is.

The logs are read from where they ended when the agent started, so what is written while no agent
runs is not counted. A line counts by its beginning, which the engines write, never by what follows
from a sender.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator

from mailstead.home import Home
from mailstead.mailplane.engines.postfix import queue
from mailstead.mailplane.guard.store import counted
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.orders import memory, revision
from mailstead.mailplane.node.tail import all_since, end_of
from mailstead.wire.events import NodeSeen
from mailstead.wire.protection import GUARD_COUNTS

_OPEN = 20_000
"""Messages begun and not yet in the queue that are remembered."""
_ID = rb"[0-9A-Za-z]{10,24}"
_POSTFIX = re.compile(
    rb"\w{3} [ \d]\d [\d:]{8} \S+ postfix/(?P<service>[\w/-]+)\[\d+\]: (?:"
    rb"(?P<begun>" + _ID + rb"): client="
    rb"|(?P<active>" + _ID + rb"): from=<.*\(queue active\)$"
    rb"|" + _ID + rb": to=<.*?, dsn=[\d.]+, status=(?P<status>\w+)"
    rb"|(?:NOQUEUE|" + _ID + rb"): (?:milter-)?(?P<rejected>reject):"
    rb"|warning: .*: SASL \w+ authentication (?P<failed>failed))"
)
_DOVECOT = re.compile(
    rb"\S+ (?:imap|pop3|managesieve)-login: Info: "
    rb"(?:(?P<login>Login: )|[^(<]*\(auth failed, (?P<failed>\d+) attempts)"
)
_SERVICES = {
    b"smtpd": "inbound",
    b"submission/smtpd": "submitted",
    b"submissions/smtpd": "submitted",
}
_STORING = {b"lmtp", b"virtual"}
_SENDING = {b"smtp", b"relay/smtp"}
_NOT_YET = {b"deferred": "deferred", b"bounced": "bounced", b"expired": "bounced"}


class Pulse:
    """Counts between one call of `take` and the next."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._places = {name: end_of(home.log / name) for name in ("postfix.log", "dovecot.log")}
        self._begun: OrderedDict[bytes, str] = OrderedDict()
        self._guard = counted(home.guard_database)
        self._leaked = 0
        self._since = time.monotonic()

    def leaked(self, count: int) -> None:
        """So many log-ins with passwords that are known from leaks were seen."""
        self._leaked += count

    def take(self) -> NodeSeen:
        """What was counted since the last call, and how the node is now.

        Raises `OSError`, `sqlite3.Error`.
        """
        counts = Counter[str]()
        for line in self._new_lines("postfix.log"):
            if found := _POSTFIX.match(line):
                self._count_mail(found, counts)
        for line in self._new_lines("dovecot.log"):
            if found := _DOVECOT.match(line):
                counts["logins"] += bool(found["login"])
                counts["logins_failed"] += int(found["failed"] or 0)
        counts.update(self._of_guard())
        counts["passwords_leaked"], self._leaked = self._leaked, 0
        seconds = round(time.monotonic() - self._since)
        self._since = time.monotonic()
        disk = shutil.disk_usage(self._home.root)
        available, total = memory()
        number, now = EventSpool.identity()
        return NodeSeen(
            id=number,
            at=now,
            seconds=seconds,
            **counts,
            **{f"queue_{name}": count for name, count in queue.counts(self._home).items()},
            disk_free=disk.free,
            disk_total=disk.total,
            load=os.getloadavg()[0],
            memory_available=available,
            memory_total=total,
            revision=revision(self._home),
        )

    def _of_guard(self) -> dict[str, int]:
        """What it has counted since the last call; its numbers only grow, or its file is new."""
        before, self._guard = self._guard, counted(self._home.guard_database)
        return {
            name: value - before.get(name, 0) if value >= before.get(name, 0) else value
            for name, value in self._guard.items()
            if name in GUARD_COUNTS
        }

    def _new_lines(self, name: str) -> Iterator[bytes]:
        for lines, place in all_since(self._home.log / name, self._places[name]):
            yield from lines
            self._places[name] = place

    def _count_mail(self, found: re.Match[bytes], counts: Counter[str]) -> None:
        service = found["service"]
        if found["begun"]:
            self._begin(found["begun"], _SERVICES.get(service))
        elif found["active"]:
            # The first time only: a deferred message becomes active again and again.
            if kind := self._begun.pop(found["active"], None):
                counts[kind] += 1
        elif status := found["status"]:
            if name := _outcome(service, status):
                counts[name] += 1
        elif found["rejected"]:
            counts["rejected"] += 1
        else:
            counts["logins_failed"] += 1

    def _begin(self, number: bytes, kind: str | None) -> None:
        if kind is None:
            return
        self._begun[number] = kind
        if len(self._begun) > _OPEN:
            self._begun.popitem(last=False)


def _outcome(service: bytes, status: bytes) -> str | None:
    if status != b"sent":
        return _NOT_YET.get(status)
    if service in _STORING:
        return "stored"
    return "sent" if service in _SENDING else None
