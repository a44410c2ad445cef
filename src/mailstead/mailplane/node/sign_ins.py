"""Sign-ins: who logged in, from where, by what, with which password; read in the engines' logs.

Log-ins of one mailbox by one protocol from one address with one password are added up, so that a
client which comes every minute is one line; the control plane hears of it every ten seconds.

Files: reads `<home>/log/dovecot.log` and `postfix.log`; `<home>/agent/sign-ins.json` holds how far.
Known limits: SMTP is seen when a message is sent, not at the log-in. At most `MOST` lines wait;
    beyond, new ones are left out until some have been told.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.wire.events import SignInSeen

MOST = 20_000
_AT_ONCE = 8 * 2**20
"""Bytes of a log that are read at once."""
_PROTOCOLS = {"imap": "imap", "pop3": "pop3", "managesieve": "sieve"}
# What stands after the beginning may hold anything that a client sent, hence the strict beginning.
_DOVECOT = re.compile(
    r"^(?P<at>\S+) (?P<name>imap|pop3|managesieve)-login: Info: "
    r"(?:(?P<ok>Login)|Disconnected[^(]*\(auth failed, (?P<tries>\d+) attempts[^)]*\)): "
    r"user=<(?P<user>[^<>\s]+@[^<>\s]+)>, (?:method=\S+, )?rip=(?P<rip>[0-9a-fA-F.:]+),"
    r".*?credential=<(?:[^<>\s]*/(?P<credential>\d+))?>"
)
_POSTFIX = re.compile(
    r"^\w{3} [ \d]\d [\d:]{8} \S+ postfix/submissions?/smtpd\[\d+\]: "
    r"(?:(?P<id>\w+): client=[^\[\s]*\[(?P<rip>[0-9a-fA-F.:]+)\][^,]*, sasl_method=\S+"
    r"|warning: [^\[\s]*\[(?P<bad>[0-9a-fA-F.:]+)\]: SASL \w+ authentication failed:.*)"
    r", sasl_username=(?P<user>[^\s/]+@[^\s/]+)(?:/(?P<credential>\d+))?$"
)


@dataclass(frozen=True)
class Key:
    """What is added up."""

    address: str
    protocol: str
    client: str
    credential: int
    failed: bool


@dataclass
class Sum:
    """How often, and when."""

    count: int
    first: dt.datetime
    last: dt.datetime


def in_dovecot(line: str, now: dt.datetime) -> tuple[Key, int] | None:
    """The log-in that a line of Dovecot's tells, and how many tries it was."""
    found = _DOVECOT.match(line)
    if found is None:
        return None
    key = Key(
        address=found["user"].lower(),
        protocol=_PROTOCOLS[found["name"]],
        client=found["rip"],
        credential=int(found["credential"] or 0),
        failed=not found["ok"],
    )
    return key, int(found["tries"] or 1)


def in_postfix(line: str, now: dt.datetime) -> tuple[Key, int] | None:
    """The log-in that a line of Postfix's submission tells."""
    found = _POSTFIX.match(line)
    if found is None:
        return None
    failed = found["id"] is None
    key = Key(
        address=found["user"].lower(),
        protocol="smtp",
        client=found["bad"] if failed else found["rip"],
        credential=0 if failed else int(found["credential"] or 0),
        failed=failed,
    )
    return key, 1


Reader = Callable[[str, dt.datetime], tuple[Key, int] | None]


class SignInBook:
    """What has been seen since the control plane was told; one user, the agent."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._place_file = home.event_spool.parent / "sign-ins.json"
        self._places: dict[str, tuple[int, int]] = self._known_places()
        self._sums: dict[Key, Sum] = {}
        self._logs: dict[str, Reader] = {"dovecot.log": in_dovecot, "postfix.log": in_postfix}

    def _known_places(self) -> dict[str, tuple[int, int]]:
        try:
            plain = json.loads(self._place_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return {}
        return {name: (int(inode), int(octets)) for name, (inode, octets) in plain.items()}

    def read(self, now: dt.datetime) -> None:
        """Take what the logs say since the last call."""
        for name, reader in self._logs.items():
            log = self._home.log / name
            if name not in self._places:
                # The first look: what was before is not news.
                if log.exists():
                    status = log.stat()
                    self._places[name] = (status.st_ino, status.st_size)
                continue
            for path in self._files_from(log, self._places[name][0]):
                self._places[name] = self._take(path, self._places[name], reader, now)

    @staticmethod
    def _files_from(log: Path, inode: int) -> list[Path]:
        """The rotated file in which the last place is, if there is one, and the current one."""
        if log.exists() and log.stat().st_ino != inode:
            for path in log.parent.glob(f"{log.name}.*"):
                if path.suffix != ".gz" and path.stat().st_ino == inode:
                    return [path, log]
        return [log] if log.exists() else []

    def _take(
        self, path: Path, place: tuple[int, int], reader: Reader, now: dt.datetime
    ) -> tuple[int, int]:
        with path.open("rb") as source:
            status = os.fstat(source.fileno())
            same = status.st_ino == place[0] and place[1] <= status.st_size
            begun = place[1] if same else 0
            source.seek(begun)
            whole, newline, _ = source.read(_AT_ONCE).rpartition(b"\n")
        for line in whole.decode("utf-8", "replace").splitlines():
            seen = reader(line, now)
            if seen is not None:
                self._add(*seen, now)
        return status.st_ino, begun + len(whole) + len(newline)

    def _add(self, key: Key, count: int, now: dt.datetime) -> None:
        known = self._sums.get(key)
        if known is not None:
            known.count += count
            known.last = now
        elif len(self._sums) < MOST:
            self._sums[key] = Sum(count, now, now)

    def tell(self, spool: EventSpool) -> None:
        """Put what was seen into the spool, and note how far the logs were read."""
        if not self._sums:
            return
        path = f"file:{self._home.directory_database}?mode=ro"
        events = []
        with closing(sqlite3.connect(path, uri=True, timeout=5)) as reader:
            for key, added in self._sums.items():
                row = reader.execute(
                    "SELECT store FROM store WHERE address = ?", (key.address,)
                ).fetchone()
                if row:
                    events.append(_event(row[0], key, added))
        spool.add(events)
        self._sums.clear()
        part = self._place_file.with_suffix(".part")
        part.write_text(json.dumps(self._places), encoding="ascii")
        part.replace(self._place_file)


def _event(store: str, key: Key, added: Sum) -> SignInSeen:
    number, _ = EventSpool.identity()
    return SignInSeen(
        id=number,
        at=added.last,
        store=store,
        protocol=key.protocol,  # type: ignore[arg-type]
        client=key.client,
        credential=key.credential,
        failed=key.failed,
        count=added.count,
        first=added.first,
    )
