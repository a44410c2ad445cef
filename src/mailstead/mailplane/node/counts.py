"""What happened here in the last minute, counted in the engines' logs, and how the node is.

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
from pathlib import Path
from typing import BinaryIO

from mailstead.home import Home
from mailstead.mailplane.engines.postfix import queue
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.orders import memory, revision
from mailstead.wire.events import NodeSeen

_AT_ONCE = 2**20
"""Bytes of a log that are read at once."""
_OPEN = 20_000
"""Messages begun and not yet in the queue that are remembered."""
_ID = rb"[0-9A-Za-z]{10,24}"
_POSTFIX = re.compile(
    rb"^\w{3} [ \d]\d [\d:]{8} \S+ postfix/(?P<service>[\w/-]+)\[\d+\]: (?:"
    rb"(?P<begun>" + _ID + rb"): client="
    rb"|(?P<active>" + _ID + rb"): from=<[^\n]*\(queue active\)$"
    rb"|" + _ID + rb": to=<[^\n]*?, dsn=[\d.]+, status=(?P<status>\w+)"
    rb"|(?:NOQUEUE|" + _ID + rb"): (?:milter-)?(?P<rejected>reject):"
    rb"|warning: [^\n]*: SASL \w+ authentication (?P<failed>failed))",
    re.MULTILINE,
)
_DOVECOT = re.compile(
    rb"^\S+ (?:imap|pop3|managesieve)-login: Info: "
    rb"(?:(?P<login>Login: )|[^\n(<]*\(auth failed, (?P<failed>\d+) attempts)",
    re.MULTILINE,
)
_SERVICES = {
    b"smtpd": "inbound",
    b"submission/smtpd": "submitted",
    b"submissions/smtpd": "submitted",
}
_STORING = {b"lmtp", b"virtual"}
_SENDING = {b"smtp", b"relay/smtp"}
_NOT_YET = {b"deferred": "deferred", b"bounced": "bounced", b"expired": "bounced"}


class _Follower:
    """Whole lines that were added to a log since the last look, through a rotation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = self._open()
        self._rest = b""
        if self._file is not None:
            self._file.seek(0, os.SEEK_END)

    def _open(self) -> BinaryIO | None:
        try:
            return self._path.open("rb")
        except FileNotFoundError:
            return None

    def lines(self) -> Iterator[bytes]:
        """Blocks of whole lines."""
        if self._file is None:
            self._file = self._open()
        if self._file is None:
            return
        yield from self._blocks(self._file)
        try:
            moved = self._path.stat().st_ino != os.fstat(self._file.fileno()).st_ino
        except FileNotFoundError:
            return  # it is being rotated; the next look finds the new one
        if moved:
            self._file.close()
            self._rest = b""
            self._file = self._open()
            if self._file is not None:
                yield from self._blocks(self._file)

    def _blocks(self, source: BinaryIO) -> Iterator[bytes]:
        while chunk := source.read(_AT_ONCE):
            whole, newline, self._rest = (self._rest + chunk).rpartition(b"\n")
            yield whole + newline

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


class Pulse:
    """Counts between one call of `take` and the next."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._postfix = _Follower(home.log / "postfix.log")
        self._dovecot = _Follower(home.log / "dovecot.log")
        self._begun: OrderedDict[bytes, str] = OrderedDict()
        self._since = time.monotonic()

    def close(self) -> None:
        """Close the logs."""
        self._postfix.close()
        self._dovecot.close()

    def take(self) -> NodeSeen:
        """What was counted since the last call, and how the node is now.

        Raises `OSError`, `sqlite3.Error`.
        """
        counts = Counter[str]()
        for block in self._postfix.lines():
            self._count_mail(block, counts)
        for block in self._dovecot.lines():
            for found in _DOVECOT.finditer(block):
                counts["logins"] += bool(found["login"])
                counts["logins_failed"] += int(found["failed"] or 0)
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

    def _count_mail(self, block: bytes, counts: Counter[str]) -> None:
        for found in _POSTFIX.finditer(block):
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
